import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sharedLibraries } from "../../../build/stages/initramfs/shared_libraries.ts";
import { isElf } from "../../../lib/format/elf.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { sourceOf } from "../../../lib/tree/content.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { folderTree } from "../../support/tree/folder_tree.ts";

const runner = denoRunner();
const data = oracleData();
const missing = data === undefined
  ? "no Alpine data; set TOWER_ORACLE_DATA"
  : ["tar", "readelf"].filter((t) => !runner.which(t)).map((t) => `needs ${t}`)[0];

Deno.test({
  name: "programs of real Alpine for armv7 bring the libraries that readelf names" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  fn: async () => {
    using folder = tempFolder();
    const archive = join(data!, "alpine/alpine-minirootfs-3.20.3-armv7.tar.gz");
    await runner.run({ argv: ["tar", "-xzf", archive, "--no-same-owner", "-C", folder.path] });
    const { tree, reader } = folderTree(folder.path);
    for (const path of ["bin/busybox", "sbin/apk", "usr/bin/ssl_client", "usr/bin/getconf"]) {
      assert(isElf(sourceOf(reader, tree.file(path)!.content)), path);
      const found = new Set(sharedLibraries(tree, reader, path));
      for (const name of await needed(join(folder.path, path))) {
        const places = [`lib/${name}`, `usr/lib/${name}`].filter((p) => found.has(p));
        assertEquals(places.length, 1, `${path} needs ${name}: ${[...found]}`);
      }
      assert(found.has("lib/ld-musl-armhf.so.1"), path);
    }
  },
});

async function needed(program: string): Promise<string[]> {
  const { stdout } = await runner.run({ argv: ["readelf", "-d", program] });
  const text = new TextDecoder().decode(stdout);
  return Array.from(text.matchAll(/\(NEEDED\).*\[(.*)\]/g), (m) => m[1]!);
}
