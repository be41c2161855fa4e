import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { labRepository } from "../../support/build/lab_repository.ts";

const PROJECT = fromFileUrl(new URL("../../..", import.meta.url));
const PAGE = Deno.readTextFileSync(join(PROJECT, "CONTRIBUTING.md"));

/** The samples of CONTRIBUTING.md by the path that stands in their first line. */
const SAMPLES: ReadonlyMap<string, string> = new Map(
  [...PAGE.matchAll(/^```(?:ts|sh)\n(?:\/\/|#) (\S+)\n(.*?)^```$/gms)]
    .map(([, path, text]) => [path!, text!]),
);
interface Row {
  readonly registry: string;
  /** Where the row goes, and what it imports. */
  readonly list: string;
  readonly row: string;
  readonly name: string;
}
/** The row of each, and the list that it goes into; what others import has none. */
const ROWS: Readonly<Record<string, Row | undefined>> = {
  "build/stages/motd.ts": {
    ...{ registry: "build/kinds/stages.ts", list: "const STAGES = [" },
    ...{ row: "motd, ", name: "motd" },
  },
  "build/sources/text.ts": {
    ...{ registry: "build/kinds/sources.ts", list: "const SOURCES = [" },
    ...{ row: "text, ", name: "text" },
  },
  "build/outputs/paths.ts": {
    ...{ registry: "build/kinds/outputs.ts", list: "const OUTPUTS = [" },
    ...{ row: "paths, ", name: "paths" },
  },
  "build/outputs/disk/contents/pattern.ts": {
    ...{ registry: "build/outputs/disk/contents.ts", list: "export const KINDS = [" },
    ...{ row: "pattern, ", name: "pattern" },
  },
  "build/commands/where.ts": {
    ...{ registry: "build/root.ts", list: "const COMMANDS = {" },
    ...{ row: "where: whereCommand, ", name: "whereCommand" },
  },
  "cli/commands/mounts.ts": {
    ...{ registry: "cli/root.ts", list: "const COMMANDS = {" },
    ...{ row: "mounts: mountsCommand, ", name: "mountsCommand" },
  },
  "lib/fleet/facts/mounts.ts": undefined,
  "lib/fleet/scripts/mounts.sh": undefined,
};
const MANIFEST = `name: greeted
arches: [x86_64]
sources:
  line: { kind: text, text: Hello }
stages:
  - { kind: packages, world: [base] }
  - { kind: motd, text: Welcome }
  - { kind: unpack, source: line, path: /etc/line }
outputs:
  - { kind: paths, file: paths.txt }
  - kind: disk
    file: filled.img
    table: mbr
    partitions:
      - { name: filled, type: linux, content: { kind: pattern, byte: 7 }, size: 4KiB }
`;

Deno.test("a stage, an output and a source that are added as CONTRIBUTING.md says are there", async () => {
  using folder = tempDir();
  const project = projectIn(folder.path);
  const { keys } = labRepository(join(folder.path, "repository"));
  Deno.writeTextFileSync(join(folder.path, "m.yaml"), MANIFEST);
  await run(project, "check", "--cached-only", "build/main.ts");
  const built = await run(
    project,
    ...["run", "--allow-all", "--cached-only", "--no-check", "build/main.ts"],
    ...["build", join(folder.path, "m.yaml"), "--output", join(folder.path, "out")],
    ...["--repository", join(folder.path, "repository"), "--keys", keys],
  );
  assert(built.includes("paths.txt"), built);
  const paths = Deno.readTextFileSync(join(folder.path, "out/paths.txt")).split("\n");
  for (const path of ["/etc/motd", "/etc/line"]) assert(paths.includes(path), paths.join());
  const filled = Deno.readFileSync(join(folder.path, "out/filled.img")).subarray(1 << 20);
  assertEquals(filled.subarray(0, 4096), new Uint8Array(4096).fill(7));
  const faulty = MANIFEST.replace("text: Welcome", "text: 5");
  Deno.writeTextFileSync(join(folder.path, "m.yaml"), faulty);
  const told = await run(
    project,
    ...["run", "--allow-all", "--cached-only", "--no-check", "build/main.ts"],
    ...["plan", join(folder.path, "m.yaml")],
  );
  assert(told.includes("m.yaml:7:25: stages[1].text: must be text"), told);
});

Deno.test("commands and a host script that are added as CONTRIBUTING.md says are there", async () => {
  using folder = tempDir();
  const project = projectIn(folder.path);
  await run(project, "check", "--cached-only", "build/main.ts", "cli/main.ts");
  const program = (main: string, ...args: string[]) =>
    run(project, "run", "--allow-all", "--cached-only", "--no-check", main, ...args);
  assertEquals(
    await program("build/main.ts", "where", "--json"),
    `{"folder":"${project}/cache/tower/builds"}\n`,
  );
  assertStringIncludes(await program("build/main.ts", "--help"), "Tell the folder that builds go");
  assertStringIncludes(
    await program("cli/main.ts", "mounts", "nobody"),
    'Cannot find host "nobody"',
  );
  const asks = `import { MOUNTS } from "./lib/fleet/facts/mounts.ts";
    import { gather } from "./lib/session/gather.ts";
    import { localSession } from "./lib/session/local_session.ts";
    import { denoRunner } from "./lib/proc/deno_runner.ts";
    console.log(await gather(localSession(denoRunner()), MOUNTS, { name: "this" }));`;
  Deno.writeTextFileSync(join(project, "asks.ts"), asks);
  assertMatch(await program("asks.ts"), /^[1-9][0-9]*\n$/);
  for (const [path, text] of SAMPLES) {
    if (!path.endsWith(".sh") || denoRunner().which("shellcheck") === undefined) continue;
    const stdin = new TextEncoder().encode(text);
    await denoRunner().run({ argv: ["shellcheck", "--shell=sh", "-"], stdin });
  }
});

/** A copy of the sources with all samples and their rows. */
function projectIn(folder: string): string {
  assertEquals([...SAMPLES.keys()].sort(), Object.keys(ROWS).sort());
  const project = join(folder, "project");
  for (const part of ["build", "cli", "lib", "deno.json", "deno.lock"]) copy(part, project);
  for (const [path, text] of SAMPLES) add(path, text, project);
  return project;
}

function copy(part: string, project: string): void {
  const from = join(PROJECT, part);
  const to = join(project, part);
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) copy(join(part, name), project);
}

/** Writes a sample's file and its row: nothing else. */
function add(path: string, text: string, project: string): void {
  const place = join(project, path);
  Deno.mkdirSync(dirname(place), { recursive: true });
  Deno.writeTextFileSync(place, text);
  if (ROWS[path] === undefined) return;
  const { registry, list, row, name } = ROWS[path];
  const file = join(project, registry);
  const before = Deno.readTextFileSync(file);
  assert(before.includes(list), registry);
  const line = `import { ${name} } from "./${relative(dirname(registry), path)}";\n`;
  Deno.writeTextFileSync(file, line + before.replace(list, `${list}${row}`));
}

/** What a deno in a project says, whatever its status. */
async function run(project: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await denoRunner().run({
    argv: [Deno.execPath(), ...args],
    cwd: project,
    variables: {
      ...Deno.env.toObject(),
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      XDG_CACHE_HOME: join(project, "cache"),
    },
    okCodes: [0, 1, 2],
  });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
