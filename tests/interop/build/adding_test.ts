import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { labRepository } from "../../support/build/lab_repository.ts";

const PROJECT = fromFileUrl(new URL("../../..", import.meta.url));
const PAGE = Deno.readTextFileSync(join(PROJECT, "CONTRIBUTING.md"));

/** The samples of CONTRIBUTING.md by the path that stands in their first line. */
const SAMPLES: ReadonlyMap<string, string> = new Map(
  [...PAGE.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, path, text]) => [path!, text!]),
);
/** Where each has its row, and the list that the row goes into. */
const ROWS: Readonly<Record<string, readonly [registry: string, list: string]>> = {
  "build/stages/motd.ts": ["build/kinds/stages.ts", "const STAGES = ["],
  "build/outputs/paths.ts": ["build/kinds/outputs.ts", "const OUTPUTS = ["],
  "build/outputs/disk/contents/pattern.ts": [
    "build/outputs/disk/contents.ts",
    "export const KINDS = [",
  ],
};
const MANIFEST = `name: greeted
arches: [x86_64]
stages:
  - { kind: packages, world: [base] }
  - { kind: motd, text: Welcome }
outputs:
  - { kind: paths, file: paths.txt }
  - kind: disk
    file: filled.img
    table: mbr
    partitions:
      - { name: filled, type: linux, content: { kind: pattern, byte: 7 }, size: 4KiB }
`;

Deno.test("a stage and an output that are added as CONTRIBUTING.md says are there", async () => {
  assertEquals([...SAMPLES.keys()].sort(), Object.keys(ROWS).sort());
  using folder = tempDir();
  const project = join(folder.path, "project");
  for (const part of ["build", "lib", "deno.json", "deno.lock"]) copy(part, project);
  for (const [path, text] of SAMPLES) add(path, text, project);
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
  assert(paths.includes("/etc/motd"), paths.join());
  const filled = Deno.readFileSync(join(folder.path, "out/filled.img")).subarray(1 << 20);
  assertEquals(filled.subarray(0, 4096), new Uint8Array(4096).fill(7));
  const faulty = MANIFEST.replace("text: Welcome", "text: 5");
  Deno.writeTextFileSync(join(folder.path, "m.yaml"), faulty);
  const told = await run(
    project,
    ...["run", "--allow-all", "--cached-only", "--no-check", "build/main.ts"],
    ...["plan", join(folder.path, "m.yaml")],
  );
  assert(told.includes("m.yaml:5:25: stages[1].text: must be text"), told);
});

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
  const [registry, list] = ROWS[path]!;
  const name = /([a-z]+)\.ts$/.exec(path)![1]!;
  const file = join(project, registry);
  const before = Deno.readTextFileSync(file);
  assert(before.includes(list), registry);
  const line = `import { ${name} } from "./${relative(dirname(registry), path)}";\n`;
  Deno.writeTextFileSync(file, line + before.replace(list, `${list}${name}, `));
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
