import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { TestProgram } from "../support/program/test_program.ts";

const put = (path: string, contents: string) => ({
  kind: "files",
  files: [{ path, contents }],
});

/** A system of three trees; `change` says what is other. */
function treesManifest(repository: string, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    name: "small",
    arches: ["x86_64"],
    repositories: [repository],
    stages: [{ kind: "packages", world: ["hello"] }],
    trees: {
      more: { from: "root", stages: [put("/srv/more", "more\n")] },
      plus: { difference: { from: "root", to: "more" } },
    },
    outputs: [
      { kind: "tar", file: "root.tar" },
      { kind: "tar", file: "more.tar", tree: "more" },
      { kind: "tar", file: "plus.tar", tree: "plus" },
      { kind: "cpio", file: "srv.cpio", tree: "more", folder: "/srv", compression: "none" },
    ],
    ...change,
  });
}

const ARGS = ["small.yaml", "--keys", "repository/keys", "--output", "out"] as const;

function program(change?: Record<string, unknown>): TestProgram {
  const program = new TestProgram();
  program.write("small.yaml", treesManifest(program.repository().folder, change));
  return program;
}

/** What tar(1) lists of an artifact. */
async function listed(program: TestProgram, file: string): Promise<string[]> {
  const { stdout } = await denoRunner().run({ argv: ["tar", "-tf", program.path(`out/${file}`)] });
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("outputs are made of the trees that they name, and of folders of them", async () => {
  using small = program();
  assertEquals((await small.run("build", ...ARGS)).code, 0);
  const [root, more] = [await listed(small, "root.tar"), await listed(small, "more.tar")];
  assertEquals(more.filter((path) => !root.includes(path)), ["srv/", "srv/more"]);
  assertEquals(await listed(small, "plus.tar"), ["srv/", "srv/more"]);
  const record = JSON.parse(Deno.readTextFileSync(small.path("out/record.json")));
  assertEquals(record.trees.map(({ name }: { name: string }) => name), ["root", "more", "plus"]);
  assertEquals(
    record.artifacts.map(({ tree, folder }: Record<string, string>) => `${tree} ${folder}`),
    ["root undefined", "more undefined", "plus undefined", "more srv"],
  );
  assertEquals(record.companions.map(({ file, tree }: Record<string, string>) => [file, tree]), [
    ["small.tree.json", "root"],
    ["small.more.tree.json", "more"],
    ["small.plus.tree.json", "plus"],
  ]);
  assertEquals((await small.run("verify", "out")).code, 0);
});

Deno.test("a disk of several trees keeps what it has of one when another changes", async () => {
  const disk = (data: string) => ({
    trees: { data: { stages: [put("/data", data)] } },
    outputs: [{
      ...{ kind: "disk", file: "a.img", table: "gpt" },
      partitions: [
        { name: "root", type: "root", content: { kind: "ext4", folder: "/" }, free: "1MiB" },
        {
          ...{ name: "data", type: "linux", free: "1MiB" },
          content: { kind: "ext4", folder: "/", tree: "data" },
        },
      ],
    }],
  });
  const planned = async (small: TestProgram) =>
    JSON.parse((await small.run("plan", ...ARGS, "--json")).out).outputs[0];
  using small = program(disk("one\n"));
  assertEquals((await small.run("build", ...ARGS)).code, 0);
  const read = () => Deno.readFileSync(small.path("out/a.img"));
  const [plan, image] = [await planned(small), read()];
  const { artifacts: [{ partitions: [first, second] }] } = JSON.parse(
    Deno.readTextFileSync(small.path("out/record.json")),
  );
  assertEquals([first.tree, second.tree], [undefined, "data"]);
  small.write("small.yaml", treesManifest(small.repository().folder, disk("two\n")));
  assertEquals((await small.run("build", ...ARGS)).code, 0);
  const [after, changed] = [await planned(small), read()];
  assertEquals(after.diskId, plan.diskId);
  assertEquals(after.partitions[0], plan.partitions[0]);
  assertEquals(Object.keys(after.others), ["data"]);
  assertNotEquals(after.others, plan.others);
  assertNotEquals(after.partitions[1].content.uuid, plan.partitions[1].content.uuid);
  const partOf = (bytes: Uint8Array, { offset, size }: { offset: number; size: number }) =>
    hexOf(digestOf(bytes.subarray(offset, offset + size)));
  assertEquals(partOf(changed, first), partOf(image, first));
  assertNotEquals(partOf(changed, second), partOf(image, second));
});

Deno.test("plan and show-tree know trees by name", async () => {
  using small = program();
  const { out } = await small.run("plan", ...ARGS);
  assertStringIncludes(
    out,
    `tree        root
stage       packages: hello
tree        more, from root
stage       files: /srv/more
tree        plus, what more has beyond root
output      root.tar: tar
            more.tar: tar, of tree more
            plus.tar: tar, of tree plus
            srv.cpio: cpio, of /srv of tree more
`,
  );
  const paths = async (...args: string[]) =>
    (await small.run("show-tree", ...ARGS, ...args)).out.trimEnd().split("\n")
      .map((line) => line.split(" ").at(-1));
  assertEquals(await paths("--tree", "plus"), ["/", "/srv", "/srv/more"]);
  assertEquals((await paths()).includes("/srv/more"), false);
  assertEquals(await small.fails("show-tree", ...ARGS, "--tree", "mroe"), {
    code: 1,
    error: [
      'error: Cannot find tree "mroe" in "small"; did you mean "more"?',
      "  hint: its trees for x86_64 are root, more, plus",
    ],
  });
});

Deno.test("an error of a tree says where the manifest has it", async () => {
  const fault = async (trees: Record<string, unknown>, outputs?: readonly unknown[]) => {
    const made = Object.keys(trees).map((tree) => ({ kind: "tar", file: `${tree}.tar`, tree }));
    using small = program({ trees, outputs: outputs ?? made });
    const { error } = await small.fails("build", ...ARGS);
    return error.join("\n");
  };
  assertMatch(
    await fault({ more: { from: "root", stages: [put("/etc", "x")] } }),
    /^error: Cannot put the file "\/etc".*\nsmall\.yaml:1:\d+: trees\.more\.stages\[0\]\.files\[0\]\.path\n/,
  );
  assertMatch(
    await fault({
      less: { from: "root", stages: [{ kind: "files", remove: ["/lib/apk"] }] },
      plus: { difference: { from: "root", to: "less" } },
    }),
    /^error: Cannot tell as additions what changed between two trees: "\/lib\/apk", .* are gone\nsmall\.yaml:1:\d+: trees\.plus\.difference$/,
  );
  assertMatch(
    await fault({}, [{ kind: "tar", file: "a.tar", folder: "/none" }]),
    /^error: Cannot write "a\.tar"\nsmall\.yaml:1:\d+: outputs\[0\]\.folder\n {2}because: Cannot use "\/none" as a tree: it is no directory$/,
  );
});

Deno.test("a tree does not change what is made of another", async () => {
  using small = program();
  const ids = async () => {
    const { out } = await small.run("plan", ...ARGS, "--json");
    const { id, trees } = JSON.parse(out);
    return [id, ...trees.map(({ id }: { id: string }) => id)];
  };
  const before = await ids();
  const trees = {
    more: { from: "root", stages: [put("/srv/more", "other\n")] },
    plus: { difference: { from: "root", to: "more" } },
  };
  small.write("small.yaml", treesManifest(small.path("repository"), { trees }));
  const after = await ids();
  assertEquals(before.map((id, i) => id === after[i]), [false, true, false, false]);
});

/** What a build did: stages by tree, and the files that it wrote. */
async function workOf(program: TestProgram): Promise<string[]> {
  const { code, err } = await program.run("build", ...ARGS, "--json");
  assertEquals(code, 0, err);
  return err.trimEnd().split("\n").map((line) => JSON.parse(line)).flatMap((event) =>
    event.type === "step" && /^(Stage|Writing) /.test(event.title) ? [event.title] : []
  );
}

Deno.test("a change in one tree costs that tree, and what is made of it", async () => {
  using small = program();
  const change = (contents: string, world = "hello") => {
    const trees = {
      more: { from: "root", stages: [put("/srv/more", contents)] },
      plus: { difference: { from: "root", to: "more" } },
    };
    const stages = [{ kind: "packages", world: [world] }];
    small.write("small.yaml", treesManifest(small.path("repository"), { stages, trees }));
  };
  const writing = (...names: string[]) => names.map((name) => `Writing ${name}`);
  const ofMore = ["Stage files of more", ...writing("more.tar", "plus.tar", "srv.cpio")];
  const root = ["Stage packages", "Stage files of more", "Writing root.tar"];
  assertEquals(await workOf(small), [...root, ...ofMore.slice(1)]);
  assertEquals(await workOf(small), []);
  change("other\n");
  assertEquals(await workOf(small), ofMore);
  const files = ["root.tar", "more.tar", "plus.tar", "srv.cpio"];
  const bytesOf = () => files.map((file) => hashFile(small.path(`out/${file}`)));
  const warm = bytesOf();

  // What was written into is written again, of the tree as it is kept.
  small.write("out/more.tar", "x");
  assertEquals(await workOf(small), writing("more.tar"));
  assertEquals(bytesOf(), warm);
  assertEquals((await small.run("verify", "out")).code, 0);

  // A tree of before is still there, its outputs are not.
  change("more\n");
  assertEquals(await workOf(small), ofMore.slice(1));
  change("other\n", "greet");
  assertEquals(await workOf(small), [...root, ...ofMore.slice(1)]);
  change("other\n");
  Deno.removeSync(small.path("out"), { recursive: true });
  assertEquals(await workOf(small), writing(...files));
  assertEquals(bytesOf(), warm);
});

Deno.test("a kept tree that is damaged is made anew, with a word on it", async () => {
  using small = program();
  await workOf(small);
  const notes = `${small.env.cacheDir}/store/notes/trees`;
  for (const { name } of Deno.readDirSync(notes)) Deno.writeTextFileSync(`${notes}/${name}`, "x");
  small.write("out/root.tar", "x");
  const { err } = await small.run("build", ...ARGS);
  assertMatch(err, /note "[^"]+trees[^"]+" of the store was damaged: it is made anew/);
  assertEquals((await small.run("verify", "out")).code, 0);
});

Deno.test("an output of a tree goes into another, as a file that it owns", async () => {
  const embed = (more: object) => ({
    trees: {
      more: {
        from: "root",
        stages: [{
          kind: "embed",
          output: { kind: "cpio", file: "inner.cpio.gz", tree: "part" },
          ...more,
        }],
      },
      part: { stages: [put("/srv/part", "part\n")] },
    },
    outputs: [
      { kind: "tar", file: "more.tar", tree: "more" },
      { kind: "cpio", file: "part.cpio.gz", tree: "part" },
    ],
  });
  using small = program(embed({ into: "/boot/inner", mode: "0600", uid: 7 }));
  assertEquals((await small.run("build", ...ARGS)).code, 0);
  const { out } = await small.run("show-tree", ...ARGS, "--tree", "more");
  const size = Deno.statSync(small.path("out/part.cpio.gz")).size;
  assertStringIncludes(out, `-0600 7 0 ${size} stage:embed /boot/inner/inner.cpio.gz\n`);
  const more = small.path("out/more.tar");
  const { stdout } = await denoRunner().run({
    argv: ["tar", "-xOf", more, "boot/inner/inner.cpio.gz"],
  });
  assertEquals(stdout, Deno.readFileSync(small.path("out/part.cpio.gz")));
  const plan = await small.run("plan", ...ARGS);
  assertStringIncludes(plan.out, "embed: /boot/inner/inner.cpio.gz: cpio, of tree part\n");

  const fault = async (more: object) => {
    small.write("small.yaml", treesManifest(small.path("repository"), embed(more)));
    return (await small.fails("build", ...ARGS)).error.join("\n");
  };
  const output = { kind: "cpio", file: "hello", tree: "part" };
  assertMatch(
    await fault({ output: { ...output, tree: "more" } }),
    /\n {2}small\.yaml:1:\d+: trees\.more\.stages\[0\]\.output\.tree: a tree cannot be made of itself: "more" of "more"$/,
  );
  assertMatch(
    await fault({ output: { ...output, folder: "/none" } }),
    /^error: Cannot use "\/none" as a tree: it is no directory\nsmall\.yaml:1:\d+: trees\.more\.stages\[0\]\.output\.folder$/,
  );
  assertMatch(
    await fault({ output: { ...output, file: "lib" } }),
    /^error: Cannot put the file "\/lib": a directory is there\nsmall\.yaml:1:\d+: trees\.more\.stages\[0\]\.output\.file\n/,
  );
  assertMatch(
    await fault({ output: { ...output, arches: ["x86_64"] } }),
    /stages\[0\]\.output\.arches: must stand at the stage, not at its output$/,
  );
});

Deno.test("an embedded file takes no other's place, whatever links lead there", async () => {
  const embed = (into?: string) => ({
    kind: "embed",
    output: { kind: "cpio", file: "inner.cpio.gz", tree: "part" },
    ...into === undefined ? {} : { into },
  });
  const link = (path: string, symlink: string) => ({ kind: "files", files: [{ path, symlink }] });
  const manifest = (...stages: object[]) => ({
    trees: { more: { from: "root", stages }, part: { stages: [put("/srv/part", "part\n")] } },
    outputs: [{ kind: "tar", file: "more.tar", tree: "more" }],
  });
  using small = program(manifest(link("/boot/now", "/srv/new"), embed("/boot/now")));
  const shown = await small.run("show-tree", ...ARGS, "--tree", "more");
  assertMatch(shown.out, / stage:embed \/srv\/new\/inner\.cpio\.gz\n/, shown.err);
  const fault = async (...stages: object[]) => {
    small.write("small.yaml", treesManifest(small.path("repository"), manifest(...stages)));
    return (await small.fails("build", ...ARGS)).error.join("\n");
  };
  const taken = (path: string, by: string, what: string, field: string) =>
    new RegExp(
      `^error: Cannot embed "${path}": ${by} has put a ${what} there\n` +
        `small\\.yaml:1:\\d+: trees\\.more\\.stages\\[[12]\\]\\.${field}\n {2}hint: give the output another file`,
    );
  const path = "/srv/inner.cpio.gz";
  assertMatch(
    await fault(embed("/srv"), embed("/srv")),
    taken(path, "stage:embed", "file", "into"),
  );
  assertMatch(
    await fault(put(path, "mine\n"), embed("/srv")),
    taken(path, "stage:files", "file", "into"),
  );
  assertMatch(
    await fault(put("/inner.cpio.gz", "mine\n"), embed()),
    taken("/inner.cpio.gz", "stage:files", "file", "output\\.file"),
  );
  assertMatch(
    await fault(link(path, "/srv/other"), embed("/srv")),
    taken(path, "stage:files", "symlink", "into"),
  );
  assertMatch(
    await fault(link("/boot", "srv"), embed("/srv"), embed("/boot")),
    taken(path, "stage:embed", "file", "into"),
  );
  assertMatch(await fault(link("/boot", "boot"), embed("/boot")), /leads in a circle\n.*\.into/);
  assertMatch(
    await fault(put("/boot", "x"), embed("/boot")),
    /"\/boot" is no directory\n.*stages\[1\]\.into/,
  );
});
