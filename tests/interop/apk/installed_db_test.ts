import { assertEquals } from "@std/assert";
import { installPackages } from "../../../lib/apk/install.ts";
import { writeDatabase } from "../../../lib/apk/installed_db.ts";
import { bytesOf, textOf } from "../../../lib/tree/content.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { realPackages } from "../../support/apk/real_packages.ts";

const EPOCH = 1_725_000_000;
const missing = oracleMissing();

function installed(arch: string) {
  const real = realPackages(oracleData()!, arch);
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: EPOCH, origin: "stage:base" });
  const installation = installPackages(tree, real.packages, { epoch: EPOCH });
  writeDatabase(tree, installation, {
    world: real.text("etc/apk/world").trim().split("\n").reverse(),
    arch,
    repositories: real.text("etc/apk/repositories").trim().split("\n"),
    keys: [],
    epoch: EPOCH,
    spool: real.store.writer(),
  });
  return { real, tree };
}

for (const arch of ["x86_64", "aarch64", "armv7"]) {
  Deno.test({
    name: `the database of a real ${arch} root comes out byte for byte as apk wrote it` +
      (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    fn() {
      const { real, tree } = installed(arch);
      for (const path of ["installed", "triggers"]) {
        const file = tree.file(`lib/apk/db/${path}`)!;
        assertEquals(textOf(real.store, file.content), real.text(`lib/apk/db/${path}`), path);
      }
      const scripts = bytesOf(real.store, tree.file("lib/apk/db/scripts.tar")!.content);
      assertEquals(scripts, real.bytes("lib/apk/db/scripts.tar"));
      for (const path of ["world", "arch", "repositories"]) {
        const file = tree.file(`etc/apk/${path}`)!;
        assertEquals(textOf(real.store, file.content), real.text(`etc/apk/${path}`), path);
      }
    },
  });
}
