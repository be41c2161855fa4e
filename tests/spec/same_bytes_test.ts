import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { outputSpec } from "../../build/kinds/outputs.ts";
import { sourceSpec } from "../../build/kinds/sources.ts";
import { stageSpec } from "../../build/kinds/stages.ts";
import { KINDS } from "../../build/outputs/disk/contents.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { disk } from "../../build/outputs/disk.ts";
import { isoSpec } from "../../build/outputs/iso/plan.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import { labRepository } from "../support/build/lab_repository.ts";
import { TABLE_ARCHES, type TableArch, tablePackages } from "../support/build/table_packages.ts";
import {
  partManifest,
  TABLE_FILES,
  TABLE_KEYS,
  TABLE_OVERLAY,
  tableManifest,
  XZ_OUTPUTS,
} from "../support/build/table_system.ts";
import {
  type ArtifactTable,
  assertTable,
  readTable,
  tableFault,
  writesTable,
} from "../support/program/artifact_table.ts";
import { named } from "../support/program/missing_programs.ts";
import { SIGNER } from "../support/format/signed_pe.ts";
import { TestProgram } from "../support/program/test_program.ts";

const runner = denoRunner();

/** Builds the table's system in folders of its own; what it made, by the files' own bytes. */
async function built(
  arch: TableArch,
  { jobs, outputs }: { readonly jobs: number; readonly outputs?: typeof XZ_OUTPUTS },
): Promise<{ readonly record: BuildRecord; readonly table: ArtifactTable }> {
  using program = new TestProgram({ runner });
  const { folder } = labRepository(program.path("repository"), tablePackages(arch), arch);
  for (const [path, text] of Object.entries(TABLE_OVERLAY)) program.write(`overlay/${path}`, text);
  program.write("keys/db.key", SIGNER.pem);
  for (const [name, bytes] of TABLE_KEYS) {
    Deno.writeFileSync(program.path(program.write(`keys/public/${name}`, "")), bytes);
  }
  for (const [path, bytes] of Object.entries(TABLE_FILES)) {
    Deno.writeFileSync(program.path(path), bytes);
  }
  program.write("part.yaml", JSON.stringify(partManifest(folder)));
  program.write("table.yaml", JSON.stringify(tableManifest(folder, "overlay", outputs)));
  const options = ["--keys", "repository/keys", "--arch", arch, "--jobs", String(jobs)];
  options.push("--secure-boot-key", "keys/db.key");
  const { code, err } = await program.run("build", "table.yaml", "--output", "out", ...options);
  assertEquals(code, 0, err);
  const inOutput = (file: string) => join(program.path("out"), file);
  const record: BuildRecord = JSON.parse(Deno.readTextFileSync(inOutput("record.json")));
  const files = [...record.artifacts, ...record.companions].map(({ file }) => file);
  const table = new Map<string, string>([
    [`${arch} plan`, record.plan],
    ...files.map((file) => [`${arch} ${file}`, hashFile(inOutput(file))] as const),
  ]);
  return { record, table };
}

for (const arch of TABLE_ARCHES) {
  Deno.test(`a build for ${arch} makes the bytes that the table says, with one job and with four`, async () => {
    const { table } = await built(arch, { jobs: 1 });
    assertTable(arch, table);
    assertEquals((await built(arch, { jobs: 4 })).table, table);
  });
}

/** Another release of xz may pack otherwise, which is no change of ours. */
async function xzMissing(): Promise<string | undefined> {
  if (!runner.which("xz")) return "no xz";
  const text = new TextDecoder().decode((await runner.run({ argv: ["xz", "--version"] })).stdout);
  const there = `xz ${/\d+(\.\d+)+\w*/.exec(text)?.[0]}`;
  const known = [...readTable().keys()].flatMap((what) => /^xz \S+/.exec(what) ?? []);
  return writesTable() || known.includes(there) ? undefined : `the table knows no ${there}`;
}

Deno.test({
  ...named("a disk that xz compresses is what the table says", await xzMissing()),
  async fn() {
    const { record, table } = await built("x86_64", { jobs: 1, outputs: XZ_OUTPUTS });
    const { file, compression, raw } = record.artifacts[0]!;
    assertTable("xz", new Map([[`${compression!.tool} ${file}`, table.get(`x86_64 ${file}`)!]]));
    assertEquals(raw!.digest, readTable().get("x86_64 mbr.img"));
  },
});

Deno.test("the table's system has every kind of source, stage and output", () => {
  const { sources, stages: ofRoot, trees, outputs } = tableManifest("/", "/");
  const stages = [...ofRoot, ...Object.values(trees ?? {}).flatMap((tree) => tree.stages ?? [])];
  const kinds = (list: readonly { kind?: unknown }[]) => new Set(list.map(({ kind }) => kind));
  const known = (options: readonly { shape: { kind: { value: string } } }[]) =>
    new Set<unknown>(options.map(({ shape }) => shape.kind.value));
  assertEquals(kinds(Object.values(sources)), known(sourceSpec.options));
  assertEquals(kinds(stages), known(stageSpec.options));
  assertEquals(kinds(outputs), known(outputSpec.options));
});

Deno.test("the table's disks have every table, loader and compression", () => {
  const { table, loaders, compression } = disk.spec.shape;
  const { outputs } = tableManifest("/", "/");
  const disks = [...outputs, ...XZ_OUTPUTS].filter(({ kind }) => kind === "disk");
  const values = (field: string) => new Set(disks.flatMap((disk) => disk[field] ?? "none"));
  assertEquals(values("table"), new Set<unknown>(table.options));
  assertEquals(
    values("loaders").difference(new Set(["none"])),
    new Set<unknown>(loaders.unwrap().element.options),
  );
  assertEquals(values("compression"), new Set<unknown>(compression.unwrap().options));
});

Deno.test("the table's disks have every kind of content", () => {
  const { outputs } = tableManifest("/", "/");
  type Listed = { readonly content: { readonly kind: string } };
  const partitions = outputs.flatMap(({ partitions = [] }) => partitions as readonly Listed[]);
  const kinds = KINDS.map(({ spec }) => spec.shape.kind.value);
  assertEquals(new Set(partitions.map(({ content }) => content.kind)), new Set<string>(kinds));
});

Deno.test("the table's media have every loader", () => {
  const { outputs } = tableManifest("/", "/");
  const loaders = outputs.filter(({ kind }) => kind === "iso").flatMap(({ loaders }) => loaders);
  assertEquals(new Set(loaders), new Set<unknown>(isoSpec.shape.loaders.element.options));
});

Deno.test("other bytes are told by name, with what to do", () => {
  const table = new Map([["a kept", "1"], ["a other", "2"], ["a gone", "3"], ["b b", "4"]]);
  const made = new Map([["a kept", "1"], ["a other", "5"], ["a new", "6"]]);
  const [, ...lines] = tableFault("a", made, table)!.split("\n");
  assertEquals(lines, [
    "  a other: 2 -> 5",
    "  a gone: 3 -> not there",
    "  a new: not there -> 6",
    "Where this is meant, CHANGELOG.md must name the reason; TOWER_GOLDEN=write writes the table anew.",
  ]);
  assertEquals(tableFault("a", table, table), undefined);
});
