import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { run } from "../../support/program/run_tool.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const missing = programsMissing(
  denoRunner(),
  ...[
    "mke2fs",
    "mkfs.fat",
    "mcopy",
    "mksquashfs",
    "genisoimage",
    "sgdisk",
    "sfdisk",
    "cpio",
    "tar",
  ],
  ...["dd", "zstd", "gzip", "sh"],
);
const MIB = 1 << 20;

function test(name: string, fn: (program: TestProgram, folder: string) => Promise<void>): void {
  Deno.test({
    ...named(name, missing),
    async fn() {
      using program = new TestProgram({ runner: denoRunner() });
      await fn(program, program.env.cwd);
    },
  });
}

/** A small root, and each volume that it can be of. */
async function fill(folder: string): Promise<void> {
  const at = (path: string) => join(folder, path);
  Deno.mkdirSync(at("root/etc"), { recursive: true });
  Deno.mkdirSync(at("root/bin"));
  Deno.writeTextFileSync(at("root/etc/motd"), "hello\n");
  Deno.writeFileSync(at("root/bin/sh"), new Uint8Array(300_000).fill(7));
  Deno.chmodSync(at("root/bin/sh"), 0o4755);
  Deno.linkSync(at("root/bin/sh"), at("root/bin/ash"));
  Deno.symlinkSync("../bin/sh", at("root/etc/link"));
  Deno.symlinkSync("etc", at("root/config"));
  for (const path of ["root/etc/motd", "root/bin/sh"]) Deno.utimeSync(at(path), 1e9, 1e9);
  await run("mke2fs", "-q", "-F", "-t", "ext4", "-d", at("root"), at("root.ext4"), "8M");
  await run(
    "mksquashfs",
    at("root"),
    at("root.squashfs"),
    "-comp",
    "gzip",
    "-quiet",
    "-no-progress",
  );
  await run(
    ...["xorriso", "-as", "mkisofs", "-quiet", "--hardlinks", "-R", "-V", "MEDIUM"] as const,
    ...["-o", at("root.iso"), at("root")],
  );
  await run("tar", "-C", at("root"), "-cJf", at("root.tar.xz"), ".");
  await run(
    "sh",
    "-c",
    'cd "$1" && find . | cpio --quiet -o -H newc | gzip > "$2"',
    "sh",
    at("root"),
    at("initramfs"),
  );
  Deno.writeFileSync(at("boot.fat"), new Uint8Array(4 * MIB));
  await run("mkfs.fat", "-n", "BOOT", at("boot.fat"));
  await run("mcopy", "-i", at("boot.fat"), at("initramfs"), at("root.squashfs"), "::");
}

/** A disk with a FAT and an ext4 partition, as another's tools make it. */
async function makeDisk(folder: string, name: string, table: "gpt" | "mbr"): Promise<void> {
  const disk = join(folder, name);
  Deno.writeFileSync(disk, new Uint8Array());
  Deno.truncateSync(disk, 20 * MIB);
  if (table === "gpt") {
    await run("sgdisk", "-n", "1:2048:+4M", "-c", "1:boot", "-t", "1:ef00", disk);
    await run("sgdisk", "-n", "2:0:+8M", "-c", "2:root", disk);
  } else {
    const script = "2048,8192,c\n10240,,5\n12288,16384,83\n";
    await denoRunner().run({
      argv: ["sfdisk", "--quiet", disk],
      stdin: new TextEncoder().encode(script),
    });
  }
  const rootAt = table === "gpt" ? 5 : 6;
  for (const [from, at] of [["boot.fat", 1], ["root.ext4", rootAt]] as const) {
    await run(
      "dd",
      `if=${join(folder, from)}`,
      `of=${disk}`,
      "bs=1M",
      `seek=${at}`,
      "conv=notrunc",
      "status=none",
    );
  }
}

const LINES = [
  "d0755 0 0 - /",
  "-4755 0 0 300000 /bin/SH",
  "d0755 0 0 - /bin",
  "l0777 0 0 - /config -> etc",
  "d0755 0 0 - /etc",
  "l0777 0 0 - /etc/link -> ../bin/sh",
  "-0644 0 0 6 /etc/motd",
  "hSH",
];

/** Lines in one order, where either name of the file may be the first. */
function linesOf(out: string): string[] {
  return out.trimEnd().split("\n").filter((line) => !line.endsWith("/lost+found"))
    .map((line) =>
      line.replace(/^h4755 .*$/, "hSH").replace(
        /\/bin\/a?sh$/,
        (name) => line.startsWith("-") ? "/bin/SH" : name,
      )
    )
    .sort();
}

async function listing(program: TestProgram, ...args: string[]): Promise<string> {
  const { code, out, err } = await program.run("show-tree", ...args);
  assertEquals(code, 0, err);
  return out;
}

test("one root is told the same, in whatever it lies", async (program, folder) => {
  await fill(folder);
  await makeDisk(folder, "disk.img", "gpt");
  await makeDisk(folder, "old.img", "mbr");
  await run("zstd", "-q", join(folder, "disk.img"));
  await run("gzip", "-k", join(folder, "old.img"));
  const places = [
    ...["root.ext4", "root.squashfs", "root.iso", "root.tar.xz", "initramfs"],
    ...["disk.img:2", "disk.img:root", "disk.img.zst:root", "old.img:5", "old.img.gz:5"],
    ...["disk.img:1:/initramfs", "disk.img.zst:boot:/root.squashfs", "old.img:1:/initramfs"],
  ];
  for (const place of places) {
    assertEquals(linesOf(await listing(program, place)), LINES.toSorted(), place);
  }
  assertEquals(
    await listing(program, "disk.img.zst"),
    "1 efi-system 1048576 4194304 fat boot\n2 linux 5242880 8388608 ext4 root\n",
  );
  assertEquals(
    await listing(program, "old.img"),
    "1 fat32 1048576 4194304 fat\n5 linux 6291456 8388608 ext4\n",
  );
  const partitions = (await listing(program, "disk.img", "--json")).trimEnd().split("\n");
  assertEquals(partitions.map((line) => JSON.parse(line).format), ["fat", "ext4"]);
  const json = JSON.parse(
    await listing(program, "disk.img", "--partition", "root", "etc/motd", "--json"),
  );
  assertEquals(json, {
    ...json,
    path: "/etc/motd",
    type: "file",
    mode: "0644",
    size: 6,
    mtime: 1e9,
  });
  // A link leads to the folder, and a file is one line.
  assertMatch(
    await listing(program, "root.squashfs", "/config/motd"),
    /^-0644 0 0 6 \/etc\/motd\n$/,
  );
});

test(
  "what an image is not, and options of a system, are told in one message",
  async (program, folder) => {
    await fill(folder);
    await makeDisk(folder, "disk.img", "gpt");
    program.write("text", "no image at all");
    const fails = async (...args: string[]) => {
      const { code, error } = await program.fails("show-tree", ...args);
      assert(code === 1 || code === 2);
      return error.join("\n");
    };
    assertStringIncludes(await fails("text"), "Cannot read the image: nothing in it is known here");
    assertStringIncludes(
      await fails("disk.img", "/etc"),
      "it is a disk with partitions\n  hint: name one",
    );
    assertStringIncludes(
      await fails("disk.img:3"),
      'hint: its partitions are 1 ("boot"), 2 ("root")',
    );
    assertStringIncludes(await fails("disk.img:"), "nothing stands behind a colon");
    assertStringIncludes(await fails("disk.img:2", "/gone"), 'Cannot find "/gone" in "disk.img:2"');
    assertStringIncludes(await fails("disk.img", "--arch", "x86_64"), "--arch is of a system");
    assertStringIncludes(await fails("lab", "--partition", "1"), "--partition is of an image");
    assertStringIncludes(await fails("gone.img"), 'Cannot read "gone.img": it is not there');
    Deno.truncateSync(join(folder, "disk.img"), 7 * MIB);
    assertStringIncludes(await fails("disk.img:2"), "Cannot read the partition table");
  },
);

test(
  "files and folders are written as they are, whole and nowhere else",
  async (program, folder) => {
    await fill(folder);
    const ok = async (...args: string[]) => {
      const { code, out, err } = await program.run("extract", "-q", ...args);
      assertEquals([code, out], [0, ""], err);
    };
    await ok("root.squashfs", "/etc/motd");
    assertEquals(Deno.readTextFileSync(program.path("motd")), "hello\n");
    const { mode, mtime } = Deno.statSync(program.path("motd"));
    assertEquals([mode! & 0o7777, mtime!.getTime()], [0o644, 1e12]);
    // A link is followed to what is asked for.
    await ok("initramfs", "etc/link", "--output", "out/deep/sh");
    assertEquals(Deno.statSync(program.path("out/deep/sh")).mode! & 0o7777, 0o755);
    for (const image of ["root.ext4", "root.squashfs", "root.iso", "root.tar.xz", "initramfs"]) {
      await ok(image, "/", "--output", `all-${image}`);
      const made = program.path(`all-${image}`);
      // Setuid alone is left out.
      await run("chmod", "4755", join(made, "bin/sh"));
      await run("rm", "-rf", join(made, "lost+found"));
      await run("diff", "-r", "--no-dereference", program.path("root"), made);
      const [sh, ash] = ["bin/sh", "bin/ash"].map((name) => Deno.lstatSync(join(made, name)).ino);
      assertEquals(sh, ash, image);
      assertEquals(Deno.readLinkSync(join(made, "etc/link")), "../bin/sh");
    }
    const before = [...Deno.readDirSync(folder)].length;
    const fails = async (...args: string[]) =>
      (await program.fails("extract", ...args)).error.join("\n");
    assertStringIncludes(await fails("root.iso", "/etc/motd"), 'motd": it exists');
    assertStringIncludes(await fails("root.iso", "/etc", "--output", "out"), 'out": it exists');
    assertStringIncludes(await fails("root.iso", "/"), "has no name of its own");
    assertStringIncludes(await fails("root.iso", "/gone"), "it is not there");
    assertEquals([...Deno.readDirSync(folder)].length, before);
  },
);

test(
  "devices are refused before anything is written, and links lead nobody out",
  async (program, folder) => {
    await fill(folder);
    await run("debugfs", "-w", "-R", "mknod null c 1 3", program.path("root.ext4"));
    const { error } = await program.fails("extract", "root.ext4", "/", "--output", "out");
    assertStringIncludes(error.join("\n"), 'devices and pipes are in it: "/null"');
    assertStringIncludes(
      (await program.fails("extract", "root.ext4", "/null")).error.join("\n"),
      "it is a char",
    );
    assertEquals((await program.run("extract", "root.ext4", "/etc", "--output", "etc")).code, 0);
    // An archive that puts a file below a link to a folder outside.
    Deno.mkdirSync(program.path("evil"));
    Deno.mkdirSync(program.path("target"));
    Deno.symlinkSync(program.path("target"), program.path("evil/a"));
    await run("tar", "-C", program.path("evil"), "-cf", program.path("evil.tar"), "a");
    Deno.removeSync(program.path("evil/a"));
    Deno.mkdirSync(program.path("evil/a"));
    program.write("evil/a/b", "out");
    await run("tar", "-C", program.path("evil"), "-rf", program.path("evil.tar"), "a/b");
    const escape = await program.fails("extract", "evil.tar", "/", "--output", "out");
    assertStringIncludes(escape.error.join("\n"), '"a" is a symlink of the archive');
    const up = ["--transform", "s,^,../,", "-P"];
    await run("tar", "-C", program.path("evil"), ...up, "-cf", program.path("up.tar"), "a/b");
    const outside = await program.fails("extract", "up.tar", "/", "--output", "out");
    assertStringIncludes(outside.error.join("\n"), "leaves the archive");
    assertEquals([...Deno.readDirSync(program.path("target"))], []);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(left.filter((name) => name === "out" || name.startsWith(".")), []);
  },
);

test("two images are compared by what they hold", async (program, folder) => {
  await fill(folder);
  await makeDisk(folder, "a.img", "gpt");
  const same = await program.run("diff", "-q", "root.iso", "root.tar.xz", "--exit-code");
  assertEquals([same.code, same.err, same.out], [
    0,
    "",
    "format: iso9660 -> tar\nno differences\n",
  ]);
  Deno.writeTextFileSync(program.path("root/etc/motd"), "HELLO\n");
  Deno.writeTextFileSync(program.path("root/etc/new"), "");
  Deno.chmodSync(program.path("root/bin"), 0o700);
  Deno.chownSync(program.path("root/bin"), 5, 6);
  Deno.removeSync(program.path("root/config"));
  await run(
    "mke2fs",
    "-q",
    "-F",
    "-t",
    "ext4",
    "-d",
    program.path("root"),
    program.path("root.ext4"),
    "8M",
  );
  await makeDisk(folder, "b.img", "gpt");
  const { code, out } = await program.run("diff", "-q", "a.img", "b.img", "--exit-code");
  assertEquals(code, 1);
  assertEquals(
    out,
    [
      "partition 2, files: 1 added, 1 removed, 2 changed",
      "  + /etc/new",
      "  - /config",
      "  ~ /bin: mode 0755 -> 0700, owner 0:0 -> 5:6",
      "  ~ /etc/motd: other contents",
      "",
    ].join("\n"),
  );
  const json = JSON.parse((await program.run("diff", "a.img:root", "b.img:root", "--json")).out);
  assertEquals(json.isSame, false);
  assertEquals(json.partitions, null);
  assertEquals(json.volumes[0].files.added.map(({ path }: { path: string }) => path), ["etc/new"]);
  const mixed = await program.fails("diff", "a.img", "root.iso");
  assertStringIncludes(mixed.error.join("\n"), "one of them has partitions, the other has none");
});
