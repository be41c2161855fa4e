import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { smallManifest, TestProgram } from "../../support/program/test_program.ts";

async function built() {
  const program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder));
  const args = ["build", "small.yaml", "--keys", "repository/keys", "--output", "out"];
  const { code, err } = await program.run(...args);
  assertEquals(code, 0, err);
  return program;
}

Deno.test("sbom renders a real build in every format, the same in every place", async () => {
  using program = await built();
  for (const format of ["spdx", "cyclonedx", "slsa"]) {
    const { code, out, err } = await program.run("sbom", "out", "--format", format);
    assertEquals([code, err], [0, ""]);
    const document = JSON.parse(out);
    assertStringIncludes(out, hashFile(program.path("out/small.tar")).replace("sha256:", ""));
    const names = {
      spdx: () => document.packages.map((p: { name: string }) => p.name),
      cyclonedx: () => document.components.map((c: { name: string }) => c.name),
      slsa: () =>
        document.predicate.buildDefinition.resolvedDependencies.map((d: { name: string }) =>
          d.name.replace(/-[0-9].*$/, "")
        ),
    }[format]!();
    for (const name of ["base", "greet", "hello", "hello-openrc"]) assert(names.includes(name));
    const copy = program.write(
      "elsewhere/copy.json",
      Deno.readTextFileSync(program.path("out/record.json")),
    );
    assertEquals((await program.run("sbom", copy, "--format", format)).out, out);
  }
});

Deno.test("sbom refuses no build, a bad record and an unknown format", async () => {
  using program = await built();
  const failed = async (...args: string[]) => {
    const { code, err } = await program.run("sbom", ...args);
    return { code, err };
  };
  assertEquals((await failed("nothing", "--format", "spdx")).code, 1);
  assertEquals((await failed("out")).code, 2);
  assertEquals((await failed("out", "--format", "word")).code, 2);
  program.write("out/record.json", '{"version":1}');
  const { code, err } = await failed("out", "--format", "spdx");
  assertEquals(code, 1);
  assertStringIncludes(err, 'Cannot read record "DIR/cwd/out/record.json": plan');
});
