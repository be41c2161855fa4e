import { inOneBreath } from "../../../lib/breathe.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Medium } from "../../../build/outputs/output.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { diskPlan, writeImage } from "../../support/format/disk_plan.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { inlineOnly, smallTree } from "../../support/tree/small_tree.ts";

const runner = denoRunner();
const missing = programsMissing(
  runner,
  ...["sfdisk", "sgdisk", "fsck.fat", "mtype", "mdir", "e2fsck", "debugfs", "blkid"],
);

const run = async (...argv: [string, ...string[]]) => {
  const { stdout, stderr } = await runner.run({ argv });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
};

/** A kind of partition, and what a tool finds in the image of the one with a number. */
interface Sort {
  readonly fields: (number: number) => object;
  readonly judge: (image: string, number: number) => Promise<void>;
}

const SORTS: readonly Sort[] = [
  {
    fields: (number) => ({
      ...{ type: "data", content: { kind: "fat", folder: `/srv/${number}` } },
      ...{ free: `${number}MiB`, flags: [] },
    }),
    async judge(image, number) {
      await run("fsck.fat", "-n", image);
      assertEquals(await run("mtype", "-i", image, "::file"), `file ${number}`);
      assertStringIncludes(await run("blkid", "-p", image), `LABEL="P${number}"`);
    },
  },
  {
    fields: (number) => ({
      ...{
        type: "linux",
        content: { kind: "ext4", folder: `/srv/${number}`, label: `ext-${number}` },
      },
      ...{ size: `${8 + number}MiB`, align: "4MiB", flags: ["no-auto"] },
    }),
    async judge(image, number) {
      await run("e2fsck", "-fn", image);
      assertStringIncludes(await run("debugfs", "-R", "cat /file", image), `file ${number}`);
      assertStringIncludes(await run("blkid", "-p", image), `LABEL="ext-${number}"`);
      assertEquals(Deno.statSync(image).size, (8 + number) << 20);
    },
  },
  {
    fields: (number) => ({
      ...{ type: "swap", content: { kind: "raw", file: `/srv/${number}/file` } },
      ...{ flags: ["required"] },
    }),
    judge: (image, number) => holds(image, `file ${number}`, 4096),
  },
  {
    fields: (number) => ({ type: "linux", content: { kind: "empty" }, size: `${number}MiB` }),
    judge: (image, number) => holds(image, "", number << 20),
  },
  {
    fields: (number) => ({
      ...{ type: "linux", content: { kind: "ext4" }, free: `${number}MiB`, flags: ["grow"] },
    }),
    async judge(image, number) {
      await run("e2fsck", "-fn", image);
      assertStringIncludes(await run("blkid", "-p", image), `LABEL="p${number}"`);
      const listed = await run("debugfs", "-R", "ls -p /", image);
      const names = [...listed.matchAll(/^(?:\/[^/]*){4}\/([^/]*)\//gm)].map(([, name]) => name);
      assertEquals(names, [".", "..", "lost+found"]);
    },
  },
];

/** Whether a partition is a text and then zeros. */
function holds(image: string, text: string, size: number): Promise<void> {
  const bytes = Deno.readFileSync(image);
  const expected = new Uint8Array(size);
  new TextEncoder().encodeInto(text, expected);
  assertEquals(bytes.length, size);
  assertEquals(digestOf(bytes), digestOf(expected));
  return Promise.resolve();
}

const sortOf = (number: number) => SORTS[number % SORTS.length]!;

const tree = (count: number) =>
  smallTree({
    "etc/hostname": "tower",
    ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`srv/${i}/file`, `file ${i}`])),
  });

/** As sfdisk calls them: bits that it has no names for by number. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "no-auto": "GUID:63",
  "required": "RequiredPartition",
  "grow": "GUID:59",
};

const IDLE = { boot: undefined, root: undefined, loaders: [], cmdline: "" };

async function image(path: string, table: "mbr" | "gpt", count: number): Promise<Medium> {
  const partitions = Array.from({ length: count }, (_, i) => {
    const { flags, ...fields } = { flags: [], ...sortOf(i).fields(i) };
    return { name: `p${i}`, flags: table === "gpt" ? flags : [], ...fields };
  });
  const idle = { flavour: undefined, initramfs: undefined };
  const plan = diskPlan({ ...IDLE, ...idle, table, partitions });
  using sink = fileSink(path);
  const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
  return await writeImage(tree(count), plan, sink, context);
}

Deno.test({
  ...named(
    "one disk holds several trees, each a folder of its own less what others hold of it",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const path = join(folder.path, "disk.img");
    const content = (kind: string, folder: string, tree?: string) => ({ kind, folder, tree });
    const contents = [
      content("ext4", "/"),
      content("fat", "/", "data"),
      content("ext4", "/srv", "data"),
      content("ext4", "/srv", "root"),
      { kind: "raw", file: "/srv/deep/one", tree: "data" },
    ];
    const plan = diskPlan({
      ...{ ...IDLE, flavour: undefined, initramfs: undefined, table: "gpt" },
      partitions: contents.map((content, i) => ({
        ...{ name: `p${i}`, type: "linux", content },
        ...(i < 4 ? { free: "1MiB" } : {}),
      })),
    });
    const root = smallTree({ "etc/hostname": "tower", "srv/own": "of root" });
    const data = smallTree({ "etc/hostname": "data", "srv/deep/one": "of data" });
    const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
    using sink = fileSink(path);
    const { partitions } = await writeImage(root, plan, sink, context, { data });
    assertEquals(partitions.map(({ tree, folder }) => `${tree} ${folder}`), [
      ...["undefined /", "data /", "data /srv", "undefined /srv", "data undefined"],
    ]);
    const parts: string[] = [];
    for (let i = 1; i <= contents.length; i++) parts.push(await partitionFile(runner, path, i));
    // It tells its version behind that.
    const read = async (number: number, file: string) =>
      (await run("debugfs", "-R", `cat ${file}`, parts[number]!)).split("debugfs ")[0];
    for (const number of [0, 2, 3]) await run("e2fsck", "-fn", parts[number]!);
    assertEquals(await read(0, "/etc/hostname"), "tower");
    assertEquals(await read(0, "/srv/own"), "");
    assertEquals(await read(2, "/deep/one"), "of data");
    assertEquals(await read(3, "/own"), "of root");
    await run("fsck.fat", "-n", parts[1]!);
    assertEquals(await run("mtype", "-i", parts[1]!, "::etc/hostname"), "data");
    const listed = (await run("mdir", "-b", "-/", "-i", parts[1]!, "::")).trim().split("\n");
    assertEquals(listed.sort(), ["::/etc/", "::/etc/hostname", "::/srv/"]);
    await holds(parts[4]!, "of data", 4096);
    const uuids = new Set(
      plan.partitions.flatMap(({ guid, content }) => "uuid" in content ? [guid, content.uuid] : []),
    );
    assertEquals(uuids.size, 6);
  },
});

for (const [table, count] of [["gpt", 1], ["gpt", 2], ["gpt", 5], ["gpt", 12]] as const) {
  Deno.test({
    ...named(`tools find no fault with a ${table} of ${count} and what is in it`, missing),
    fn: () => judge(table, count),
  });
}
for (const count of [1, 2, 3, 4]) {
  Deno.test({
    ...named(`tools find no fault with an mbr of ${count} and what is in it`, missing),
    fn: () => judge("mbr", count),
  });
}

async function judge(table: "mbr" | "gpt", count: number): Promise<void> {
  using folder = tempFolder();
  const path = join(folder.path, "disk.img");
  const { partitions } = await image(path, table, count);
  assertStringIncludes(await run("sfdisk", "--verify", path), "No errors detected.");
  if (table === "gpt") assertStringIncludes(await run("sgdisk", "-v", path), "No problems found");
  const found = JSON.parse(await run("sfdisk", "--json", path)).partitiontable.partitions;
  assertEquals(found.length, count);
  assertEquals(
    partitions.map(({ offset, size, type }) => [offset / 512, size / 512, type]),
    found.map(({ start, size, type }: { start: number; size: number; type: string }) => [
      ...[start, size, table === "gpt" ? type.toLowerCase() : `0x${type.padStart(2, "0")}`],
    ]),
  );
  for (let i = 0; i < count; i++) {
    const { align = "1MiB", flags } = sortOf(i).fields(i) as { align?: string; flags?: string[] };
    assertEquals(found[i].start * 512 % (parseInt(align) << 20), 0);
    if (table === "gpt") {
      assertEquals(found[i].name, `p${i}`);
      assertEquals(found[i].attrs, flags?.[0] && ATTRIBUTES[flags[0]]);
    }
    const part = await partitionFile(runner, path, i + 1);
    await sortOf(i).judge(part, i);
    Deno.removeSync(part);
  }
}
