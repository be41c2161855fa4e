import { hashFile } from "../../../lib/files/artifact_file.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { smallManifest, TestProgram } from "../program/test_program.ts";

const runner = denoRunner();

/** A program with a repository and a folder `tree` of files to be packed. */
export function sourceSystem() {
  const program = new TestProgram({ runner });
  const { folder } = program.repository();
  program.write("tree/tool-1.0/bin/tool", "#!/bin/sh\necho tool\n");
  program.write("tree/tool-1.0/share/text", "text\n".repeat(10_000));
  Deno.chmodSync(program.path("tree/tool-1.0/bin/tool"), 0o755);
  Deno.symlinkSync("tool", program.path("tree/tool-1.0/bin/alias"));
  Deno.linkSync(
    program.path("tree/tool-1.0/share/text"),
    program.path("tree/tool-1.0/share/same"),
  );
  return {
    program,
    folder,
    /** Runs a tool in the folder of the files. */
    async tool(argv: readonly [string, ...string[]], stdin?: string) {
      const input = stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) };
      return await runner.run({ argv, cwd: program.path("tree"), ...input });
    },
    /** A manifest with sources and stages that take them. */
    write(sources: Record<string, unknown>, stages: unknown[], change: object = {}) {
      const manifest = JSON.parse(smallManifest(folder, { stages }));
      program.write("small.yaml", JSON.stringify({ ...manifest, sources, ...change }));
    },
    archive: (file: string, format: string) => ({
      ...{ kind: "archive", file, format },
      sha256: hashFile(program.path(file)).replace("sha256:", ""),
    }),
    build: (...more: string[]) =>
      program.run("build", "small.yaml", "--keys", "repository/keys", "--output", "out", ...more),
    fails: (...more: string[]) =>
      program.fails("build", "small.yaml", "--keys", "repository/keys", "--output", "out", ...more),
    async tree() {
      const { out } = await program.run(
        ...["show-tree", "small.yaml", "--keys", "repository/keys", "--output", "out"],
      );
      return out.split("\n");
    },
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}
