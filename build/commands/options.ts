import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { BuildRequest } from "../inputs/request.ts";

/** What a command is about. */
const SUBJECTS = {
  "<system>": "a system that Tower ships (such as lab), or a manifest FILE.yaml",
  "<what>": "a system that Tower ships (such as lab), a manifest FILE.yaml, or an image",
} as const;

/** Adds the options that choose a system, its packages and its lock. */
export function systemCommand(
  name: string,
  description: string,
  subject: keyof typeof SUBJECTS = "<system>",
) {
  return new Command(name)
    .description(description)
    .argument(subject, SUBJECTS[subject])
    .option("--arch <arch>", "architecture to build for (the manifest's first)")
    .option("--repository <url>", "package repository instead of the manifest's; repeatable", add)
    .option(
      "--keys <dir>",
      "folder with the public keys (*.rsa.pub) to trust, or with a folder ARCH of them",
    )
    .option("--lock <file>", "lock file (default: beside the artifacts)")
    .option("--frozen", "fail where the lock is missing or does not fit", false)
    .option("--offline", "touch no network; fail with a list of what is missing", false)
    .addOption(timeoutOption())
    .option("--output <dir>", "folder for the artifacts (default: <builds>/<system>-<arch>)")
    .addOption(
      new Option("--jobs <n>", "packages unpacked at once").argParser(count).default(
        0,
        "one per processor",
      ),
    )
    .option("--json", "events on stderr and the result on stdout as JSON", false);
}

interface SystemOptions {
  readonly arch?: string | undefined;
  readonly repository?: string[] | undefined;
  readonly keys?: string | undefined;
  readonly lock?: string | undefined;
  readonly frozen: boolean;
  readonly offline: boolean;
  readonly timeout?: number | undefined;
  readonly output?: string | undefined;
  readonly jobs: number;
}

/** What the options of {@linkcode systemCommand} ask for. */
export function requestOf(system: string, options: SystemOptions, env: Env): BuildRequest {
  return {
    system,
    arch: options.arch,
    repositories: options.repository,
    keysFolder: options.keys,
    lockFile: options.lock,
    frozen: options.frozen,
    offline: options.offline,
    timeout: options.timeout,
    output: options.output,
    jobs: options.jobs === 0 ? env.processors : options.jobs,
  };
}

/** How long a repository may send nothing. */
export function timeoutOption() {
  return new Option(
    "--timeout <seconds>",
    "give up a repository that sends nothing for so long, new tries included (default: 120)",
  ).argParser(count);
}

/** Collects a repeatable option. */
export function add(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A whole number from 1 to 65535. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("It must be a whole number from 1 to 65535.");
  }
  return value;
}
