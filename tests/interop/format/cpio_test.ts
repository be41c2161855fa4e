import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cpioPieces } from "../../../lib/format/cpio.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { BASE } from "../../support/apk/apk_files.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";

const runner = denoRunner();
const skip = !runner.which("cpio");
const reason = skip ? " (skipped: cpio missing)" : "";

function sample(): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "bin", mode: 0o755 });
  for (const size of [0, 1, 2, 3, 4, 5000]) {
    const content = inlineText("x".repeat(size));
    tree.put({ ...BASE, type: "file", path: `bin/f${size}`, mode: 0o4750, uid: 7, content });
  }
  tree.put({ ...BASE, type: "hardlink", path: "bin/a", mode: 0o4750, target: "bin/f5000" });
  tree.put({ ...BASE, type: "symlink", path: "bin/é", mode: 0o777, target: "f5000" });
  tree.put({ ...BASE, type: "char", path: "console", mode: 0o600, major: 5, minor: 1 });
  tree.put({ ...BASE, type: "fifo", path: "pipe", mode: 0o600 });
  return tree;
}

function archive(tree: FileTree): Uint8Array {
  return concat(Array.from(cpioPieces(tree, new MemoryStore()), (piece) => piece.slice()));
}

Deno.test({
  name: `cpio lists a written archive with types, owners, links and devices${reason}`,
  ignore: skip,
  async fn() {
    const { stdout, stderr } = await runner.run({
      argv: ["cpio", "-itvn", "--quiet"],
      stdin: archive(sample()),
      variables: { TZ: "UTC" },
    });
    assertEquals(new TextDecoder().decode(stderr), "");
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(lines.map((line) => line.replace(/ +/g, " ")), [
      "drwxr-xr-x 2 0 0 0 Nov 14 2023 bin",
      "-rwsr-x--- 2 7 0 0 Nov 14 2023 bin/a",
      "-rwsr-x--- 1 7 0 0 Nov 14 2023 bin/f0",
      "-rwsr-x--- 1 7 0 1 Nov 14 2023 bin/f1",
      "-rwsr-x--- 1 7 0 2 Nov 14 2023 bin/f2",
      "-rwsr-x--- 1 7 0 3 Nov 14 2023 bin/f3",
      "-rwsr-x--- 1 7 0 4 Nov 14 2023 bin/f4",
      "-rwsr-x--- 2 7 0 5000 Nov 14 2023 bin/f5000",
      "lrwxrwxrwx 1 0 0 5 Nov 14 2023 bin/é -> f5000",
      "crw------- 1 0 0 5, 1 Nov 14 2023 console",
      "prw------- 1 0 0 0 Nov 14 2023 pipe",
    ]);
  },
});

Deno.test({
  name: `cpio extracts a written archive, hard links and all${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const tree = sample();
    // Only root may make a device.
    tree.remove("console");
    await runner.run({
      argv: ["cpio", "-idm", "--quiet", "--no-absolute-filenames"],
      stdin: archive(tree),
      cwd: folder.path,
    });
    for (const size of [0, 1, 2, 3, 4, 5000]) {
      const text = Deno.readTextFileSync(join(folder.path, `bin/f${size}`));
      assertEquals(text, "x".repeat(size));
    }
    const [a, f] = ["a", "f5000"].map((name) => Deno.statSync(join(folder.path, "bin", name)));
    assertEquals(a?.ino, f?.ino);
    assertEquals(a?.mtime?.getTime(), BASE.mtime * 1000);
    assertEquals(Deno.readLinkSync(join(folder.path, "bin/é")), "f5000");
  },
});
