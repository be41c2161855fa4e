import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { quoteArgv } from "../../lib/proc/quoting.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { realEnv } from "../../lib/env.ts";
import { labFolder } from "../../build/inputs/trusted_keys.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { labMissing } from "../support/build/lab_system.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { towerArgv, towerVariables } from "../support/fleet/tower_process.ts";

const PAGE = fromFileUrl(new URL("../../docs/first-image.md", import.meta.url));
const runner = denoRunner();

/** What is typed into the shell of each boot, and what comes of it. */
const SHELLS = [
  {
    typed: "cat /etc/hostname /etc/motd; exit 0",
    answer: "my-image\nWelcome to my-image.\n",
  },
  { typed: "rc-service chronyd status >/dev/null && echo it runs", answer: "it runs\n" },
];

Deno.test({
  ...named(
    "the page of the first own image: each of its commands does what it says",
    labMissing() ?? programsMissing(runner, "qemu-system-x86_64", "ssh", "ssh-keygen"),
  ),
  async fn() {
    using folder = tempFolder();
    const home = folder.path;
    Deno.mkdirSync(`${home}/cache/tower`, { recursive: true });
    Deno.symlinkSync(labFolder(realEnv()), `${home}/cache/tower/lab`);
    Deno.mkdirSync(`${home}/bin`);
    Deno.writeTextFileSync(
      `${home}/bin/tower-build`,
      `#!/bin/sh\nexec ${quoteArgv(towerArgv())} "$@"\n`,
      { mode: 0o755 },
    );
    const variables = {
      ...towerVariables(home),
      PATH: `${home}/bin:${Deno.env.get("PATH")}`,
    };
    const page = Deno.readTextFileSync(PAGE);
    const shells = SHELLS.values();
    const outputs: string[] = [];
    let builds = 0;
    for (const line of commandsOf(page)) {
      const isShell = line.includes(" --ssh");
      if (line.startsWith("tower-build build") && builds++ > 0) uncomment(home, page);
      const shell = isShell ? shells.next().value : undefined;
      const argv = ["sh", "-c", line] as const;
      const stdin = new TextEncoder().encode(`${shell?.typed ?? ""}\n`);
      const { stdout } = await runner.run({ argv: [...argv], cwd: home, variables, stdin });
      const out = new TextDecoder().decode(stdout);
      outputs.push(out);
      if (shell) assertStringIncludes(out, shell.answer, line);
    }
    assertEquals(shells.next().done, true, "every shell was asked for");
    const [, made, systems, plan, build] = outputs;
    assertStringIncludes(made!, "my-key.pub logs in as root.");
    assertMatch(systems!, /^my-image\.yaml +x86_64, aarch64 +A system of my own$/m);
    assertMatch(plan!, /^packages +\d+ packages/m);
    assertMatch(build!, /^[0-9a-f]{64} {2}.*\/my-image-x86_64\/lab\.img$/m);
    assert(outputs.some((out) => /chronyd/.test(out)), "show-tree shows the service");
    assertMatch(outputs.at(-1)!, /\/cache\/tower\/store had /);
  },
});

/** The lines of the blocks that are marked as commands. */
function commandsOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text!);
  return blocks.flatMap((text) => text.trimEnd().split("\n"));
}

/** Does what the page says to do with the manifest by hand; what is then there, it shows. */
function uncomment(home: string, page: string): void {
  const file = `${home}/my-image.yaml`;
  const stages = /^```yaml\n([^]*?)^```$/m.exec(page)![1]!;
  const asComments = stages.replaceAll(/^(?=.)/gm, "  # ");
  const text = Deno.readTextFileSync(file);
  assertStringIncludes(text, asComments);
  Deno.writeTextFileSync(file, text.replace(asComments, stages.replaceAll(/^(?=.)/gm, "  ")));
}
