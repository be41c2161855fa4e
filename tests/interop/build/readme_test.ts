import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { quoteArgv } from "../../../lib/proc/quoting.ts";
import { privateKeyFile, readPrivateKeyFile } from "../../../lib/ssh_signature/private_key.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { towerArgv, towerVariables } from "../../support/fleet/tower_process.ts";
import { named } from "../../support/program/missing_programs.ts";

const PAGE = Deno.readTextFileSync(fromFileUrl(new URL("../../../README.md", import.meta.url)));
const MANIFEST = /^```yaml\n# my-host\.yaml\n(.*?)^```$/ms.exec(PAGE)![1]!;
const RECORDING = /^```console\n(.*?)^```$/ms.exec(PAGE)![1]!;

/** A command of the recording, and what it says. */
interface Said {
  readonly command: string;
  readonly lines: readonly string[];
}

const RECORDED: readonly Said[] = RECORDING.split(/^\$ /m).slice(1).map((part) => {
  const [command = "", ...lines] = part.trimEnd().split("\n");
  return { command, lines: lines.map(shapeOf) };
});

/** A line without what differs from day to day: numbers, times and digests. */
function shapeOf(line: string): string {
  return line.replace(/\b[0-9a-f]{64}\b/, "DIGEST").replace(/[0-9]+(\.[0-9]+)?/g, "N")
    .replace(/, N (ms|s|min)$/, ", TIME");
}

/** What a step says meanwhile, on a slow machine. */
function isMeanwhile(line: string): boolean {
  return /: [0-9]+% of /.test(line) || /^[^:]+: [0-9.]+ (ms|s|min)\b/.test(line);
}

Deno.test({
  ...named("what README shows of a build is what the programs say", labMissing()),
  async fn() {
    using dir = tempDir();
    const home = dir.path;
    Deno.mkdirSync(`${home}/.cache/tower`, { recursive: true });
    Deno.symlinkSync(labFolder(realEnv()), `${home}/.cache/tower/lab`);
    Deno.mkdirSync(`${home}/bin`);
    const program = `#!/bin/sh\nexec ${quoteArgv(towerArgv())} "$@"\n`;
    Deno.writeTextFileSync(`${home}/bin/tower-build`, program, { mode: 0o755 });
    const key = readPrivateKeyFile(privateKeyFile(new Uint8Array(32), "me"), "key");
    assert(key.kind === "ed25519");
    const line = `ssh-ed25519 ${key.blob.toBase64()} me`;
    Deno.writeTextFileSync(`${home}/my-host.yaml`, MANIFEST.replace("ssh-ed25519 AAAA… me", line));
    const variables = {
      ...towerVariables(home),
      XDG_CACHE_HOME: `${home}/.cache`,
      PATH: `${home}/bin:${Deno.env.get("PATH")}`,
    };
    const said: Said[] = [];
    for (const { command } of RECORDED) {
      const argv = ["sh", "-c", `exec 2>&1; ${command}`] as const;
      const { stdout } = await denoRunner().run({ argv: [...argv], cwd: home, variables });
      const text = new TextDecoder().decode(stdout).replaceAll(home, "~");
      const lines = text.trimEnd().split("\n").filter((line) => !isMeanwhile(line)).map(shapeOf);
      said.push({ command, lines });
    }
    assertEquals(said, RECORDED);
  },
});
