import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { atOnce } from "../../../lib/breathe.ts";
import type { Digest } from "../../../lib/brand.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { readIso } from "../../../lib/format/iso9660/reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "xorriso", "genisoimage");
const BLOB = "sha256:medium" as Digest;

/** A folder with what other writers put on a medium. */
function fill(folder: string): void {
  const deep = join(folder, ...Array.from({ length: 10 }, (_, i) => `level-${i}`));
  Deno.mkdirSync(deep, { recursive: true });
  Deno.writeTextFileSync(join(deep, "deep file"), "deep\n");
  Deno.writeTextFileSync(join(folder, "Grüße, 世界"), "many bytes\n");
  Deno.writeTextFileSync(join(folder, `${"long-".repeat(45)}name`), "long\n");
  Deno.writeTextFileSync(join(folder, "secret"), "secret\n", { mode: 0o600 });
  Deno.writeFileSync(join(folder, "large"), new Uint8Array(100_000).fill(7));
  Deno.linkSync(join(folder, "large"), join(folder, "large-again"));
  Deno.symlinkSync(`../${"folder/".repeat(40)}target`, join(folder, "link"));
  Deno.writeTextFileSync(join(folder, "empty"), "");
  for (const path of ["secret", "large", "empty"]) Deno.utimeSync(join(folder, path), 1e9, 1e9);
}

const WRITERS = {
  "xorriso -as mkisofs": [
    "xorriso",
    "-as",
    "mkisofs",
    "-quiet",
    "-volid",
    "OTHER",
    "-R",
    "-J",
    "-o",
  ],
  "xorriso with hard links": [
    ...["xorriso", "-as", "mkisofs", "-quiet", "-volid", "OTHER", "--hardlinks", "-R", "-o"],
  ],
  "genisoimage, which moves deep directories": [
    ...["genisoimage", "-quiet", "-input-charset", "utf-8", "-V", "OTHER", "-R", "-o"],
  ],
  "genisoimage -D": [
    ...["genisoimage", "-quiet", "-input-charset", "utf-8", "-V", "OTHER", "-D", "-R", "-o"],
  ],
} as const;

for (const [writer, argv] of Object.entries(WRITERS)) {
  Deno.test({
    ...named(`a medium of ${writer} is read as its folder is`, missing),
    async fn() {
      using folder = tempFolder();
      const [from, image] = [join(folder.path, "from"), join(folder.path, "x.iso")];
      Deno.mkdirSync(from);
      fill(from);
      const whole: [string, ...string[]] = [...argv as unknown as [string], image, from];
      await runner.run({ argv: whole, variables: { LC_ALL: "C.UTF-8" } });
      using source = openDisk(image, "read");
      const { label, tree } = atOnce(readIso(source, BLOB));
      assertEquals(label, "OTHER");
      const reader = { open: () => source };
      let met = 0;
      for (const entry of tree.walk()) {
        // Where genisoimage keeps what lies too deep; nothing is in it once it is back in its place.
        if (entry.path === "rr_moved") continue;
        met++;
        const stat = Deno.lstatSync(join(from, entry.path));
        assertEquals(stat.isDirectory, entry.type === "directory", entry.path);
        if (entry.type === "symlink") {
          assertEquals(Deno.readLinkSync(join(from, entry.path)), entry.target);
        } else assertEquals(entry.mode, stat.mode! & 0o7777, entry.path);
        assertEquals(entry.mtime, Math.floor(stat.mtime!.getTime() / 1000), entry.path);
        const file = entry.type === "file" || entry.type === "hardlink"
          ? tree.file(entry.path)
          : undefined;
        if (!file) continue;
        const bytes = Deno.readFileSync(join(from, entry.path));
        assertEquals(bytesOf(reader, file.content), bytes, entry.path);
      }
      assertEquals(met, 1 + 10 + 8);
      assert(
        tree.file(`${Array.from({ length: 10 }, (_, i) => `level-${i}`).join("/")}/deep file`),
      );
    },
  });
}

Deno.test({
  ...named("a medium without Rock Ridge has the plain names", missing),
  async fn() {
    using folder = tempFolder();
    const [from, image] = [join(folder.path, "from"), join(folder.path, "x.iso")];
    Deno.mkdirSync(join(from, "Folder"), { recursive: true });
    Deno.writeTextFileSync(join(from, "Folder", "read me.txt"), "text\n");
    Deno.writeTextFileSync(join(from, "plain"), "text\n");
    await runner.run({ argv: ["genisoimage", "-quiet", "-V", "OTHER", "-o", image, from] });
    using source = openDisk(image, "read");
    const { tree } = atOnce(readIso(source, BLOB));
    const paths = [...tree.walk()].map(({ path, mode }) => `${path} ${mode.toString(8)}`);
    assertEquals(paths, [" 555", "FOLDER 555", "FOLDER/READ_ME.TXT 444", "PLAIN 444"]);
  },
});
