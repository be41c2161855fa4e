import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { removeTree } from "../../../lib/files/files.ts";
import { smallManifest } from "../../support/program/test_program.ts";
import { sourceSystem } from "../../support/build/source_system.ts";

const PART = "dist/part-x86_64";
const file = { kind: "build", system: "part.yaml", file: "part.cpio.gz" };
const stage = { kind: "unpack", source: "part", path: "/boot/part" };

/** A system `small.yaml` that takes what `part.yaml` makes. */
function systems(sources: Record<string, unknown> = { part: file }, stages: unknown[] = [stage]) {
  const p = sourceSystem();
  const writePart = (contents: string, change: object = {}) => {
    const manifest = smallManifest(p.folder, {
      stages: [{ kind: "files", files: [{ path: "/etc/part", contents }] }],
      outputs: [
        { kind: "cpio", file: "part.cpio.gz", compression: "gzip" },
        { kind: "tar", file: "part.tar" },
      ],
    });
    p.program.write(
      "part.yaml",
      JSON.stringify({ ...JSON.parse(manifest), name: "part", ...change }),
    );
  };
  Deno.mkdirSync(p.program.path("dist"));
  writePart("one\n");
  p.write(sources, stages);
  const lock = () =>
    JSON.parse(Deno.readTextFileSync(p.program.path("out/small-x86_64.lock.json")));
  return { ...p, writePart, lock, image: p.program.path("out/small.tar") };
}

Deno.test("packages, an archive and another build make the same system twice, each source locked", async () => {
  using p = systems();
  await p.tool(["tar", "-czf", "../tool.tgz", "tool-1.0"]);
  p.write({
    tool: p.archive("tool.tgz", "tar"),
    part: file,
    files: { ...file, file: "part.tar", format: "tar" },
  }, [
    stage,
    { kind: "unpack", source: "tool", path: "/opt" },
    { kind: "unpack", source: "files", folder: "etc", path: "/srv/part" },
  ]);
  const { code, err } = await p.build();
  assertEquals(code, 0, err);
  const lockLine = await p.program.run(
    "lock",
    "small.yaml",
    "--keys",
    "repository/keys",
    "--output",
    "out",
  );
  assertMatch(lockLine.out, / {2}4 packages, 3 sources\n$/);
  const plan = await p.program.run(
    "plan",
    "small.yaml",
    "--keys",
    "repository/keys",
    "--output",
    "out",
  );
  assertMatch(plan.out, /^source {6}tool: archive, [0-9.]+ [KM]?i?B \(sha256:[0-9a-f]{64}\)$/m);
  assertMatch(err, /building "DIR\/cwd\/part\.yaml", which "DIR\/cwd\/small\.yaml" takes/);
  const tree = await p.tree();
  const size = Deno.statSync(p.program.path(`${PART}/part.cpio.gz`)).size;
  for (
    const line of [
      `-0644 0 0 ${size} source:part /boot/part`,
      "-0755 0 0 20 source:tool /opt/tool-1.0/bin/tool",
      "-0644 0 0 4 source:files /srv/part/part",
    ]
  ) assert(tree.includes(line), `${line}\n${tree.join("\n")}`);
  const { sources } = p.lock();
  const { plan: partPlan } = JSON.parse(
    Deno.readTextFileSync(p.program.path(`${PART}/record.json`)),
  );
  assertEquals(sources.map(({ kind, name }: Record<string, string>) => `${kind} ${name}`), [
    "apk root",
    "archive tool",
    "build part",
    "build files",
  ]);
  assertEquals(sources[2], {
    ...{ kind: "build", name: "part", from: "part.yaml", system: "part", plan: partPlan, size },
    ...{ file: "part.cpio.gz", digest: hashFile(p.program.path(`${PART}/part.cpio.gz`)) },
  });
  const record = JSON.parse(Deno.readTextFileSync(p.program.path("out/record.json")));
  assertEquals(record.sources, sources.slice(1));
  for (const format of ["spdx", "cyclonedx", "slsa"]) {
    const { out } = await p.program.run("sbom", "out", "--format", format);
    for (const { digest } of record.sources) assertStringIncludes(out, digest.slice(7));
  }
  const good = hashFile(p.image);
  const without = async (...gone: string[]) => {
    for (const path of gone) removeTree(path);
    return [(await p.build("--frozen")).code, hashFile(p.image)];
  };
  const [told, part] = ["out/record.json", PART].map(p.program.path, p.program);
  // The artifact lies in the store, then in the folder, then in neither: it is built again, which
  // wants a lock of its own where none may be written.
  assertEquals(await without(told!), [0, good]);
  assertEquals(await without(told!, part!), [0, good]);
  assertEquals((await p.program.run("build", "part.yaml", "--keys", "repository/keys")).code, 0);
  assertEquals(await without(told!, p.program.env.cacheDir), [0, good]);
  assertEquals(await without(told!, p.program.env.cacheDir, part!), [1, good]);
  assertEquals([(await p.build()).code, hashFile(p.image)], [0, good]);
});

Deno.test("a lock keeps what another system gave, and tells where that is no longer to be had", async () => {
  using p = systems();
  assertEquals((await p.build()).code, 0);
  const good = hashFile(p.image);
  p.writePart("two\n");
  removeTree(p.program.path("out/record.json"));
  assertEquals([(await p.build()).code, hashFile(p.image)], [0, good]);
  removeTree(p.program.env.cacheDir);
  removeTree(p.program.path(PART));
  const { error } = await p.fails();
  assertEquals(
    error[0],
    'error: Cannot load source "part": "part.yaml" gives another "part.cpio.gz" than the lock names',
  );
  assertMatch(error[1]!, /^small\.yaml:1:\d+: sources\.part$/);
  assertStringIncludes(error.at(-1)!, "tower-build lock SYSTEM --update");
  const update = ["small.yaml", "--keys", "repository/keys", "--output", "out", "--update"];
  assertEquals((await p.program.run("lock", ...update)).code, 0);
  assertEquals((await p.build()).code, 0);
  assert(hashFile(p.image) !== good);
});

Deno.test("an artifact that is gone, or a record that is broken, is built again", async () => {
  using p = systems();
  assertEquals((await p.build()).code, 0);
  const good = hashFile(p.image);
  const broken = [
    () => removeTree(p.program.path(`${PART}/part.cpio.gz`)),
    () => Deno.writeTextFileSync(p.program.path(`${PART}/record.json`), "{"),
  ];
  for (const spoil of broken) {
    spoil();
    // What it gave is in the store no more.
    removeTree(p.program.env.cacheDir);
    removeTree(p.image);
    const { code, err } = await p.build();
    assertEquals(code, 0, err);
    assertEquals(hashFile(p.image), good);
  }
});

Deno.test("a folder that a build wrote is taken by its record, and believed by its bytes", async () => {
  using p = systems({ part: { kind: "build", folder: PART, file: "part.tar" } });
  assertMatch((await p.fails()).error.join("\n"), /record\.json.*\n.*sources\.part\.folder/);
  const part = ["part.yaml", "--keys", "repository/keys", "--output", PART];
  assertEquals((await p.program.run("build", ...part)).code, 0);
  assertEquals((await p.build()).code, 0);
  const bytes = Deno.readFileSync(p.program.path(`${PART}/part.tar`));
  bytes[600]! ^= 1;
  Deno.writeFileSync(p.program.path(`${PART}/part.tar`), bytes);
  for (const gone of ["out", "store"]) {
    removeTree(gone === "out" ? p.program.path(gone) : p.program.env.cacheDir);
  }
  const { error } = await p.fails();
  assertStringIncludes(error[0]!, 'Cannot use source "part"');
  assertStringIncludes(error[0]!, "has the digest");
});

Deno.test("what another system does not make, or cannot, is told with its place", async () => {
  using p = systems();
  const fault = async (change: object) => {
    p.write({ part: { ...file, ...change } }, [stage]);
    return (await p.fails()).error.join("\n");
  };
  assertMatch(
    await fault({ file: "part.img" }),
    /^error: Cannot take "part\.img" of "part": it made none\nsmall\.yaml:1:\d+: sources\.part\.file\n.*hint: its artifacts are part\.cpio\.gz, part\.tar$/,
  );
  assertMatch(
    await fault({ system: "none.yaml" }),
    /"DIR\/cwd\/none\.yaml".*\nsmall\.yaml:1:\d+: sources\.part/,
  );
  assertMatch(
    await fault({ system: "small.yaml" }),
    /it is a part of itself: .*small\.yaml -> .*small\.yaml/,
  );
  assertMatch(await fault({ folder: "x" }), /must have either system or folder/);
  p.writePart("one\n", {
    sources: { small: { kind: "build", system: "small.yaml", file: "small.tar" } },
    stages: [{ kind: "packages", world: ["base"] }, { ...stage, source: "small" }],
  });
  assertMatch(
    await fault({}),
    /it is a part of itself: .*small\.yaml -> .*part\.yaml -> .*small\.yaml/,
  );
});
