import { inOneBreath } from "../../lib/breathe.ts";
import { join } from "@std/path";
import { packFolder } from "../../build/repository/repository.ts";
import { silent } from "../../lib/report/event.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { makeDir, readBytes, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import type { Program } from "./programs.ts";
import type { ProgramRecord } from "./record.ts";

/** Where the .apk of a program lies below the output folder. */
export function apkPath(record: ProgramRecord): string {
  return join("apk", archOf(record), `${record.program}-${record.version}-r0.apk`);
}

/**
 * Makes a signed .apk that installs a program as /usr/bin/NAME, so that hosts and images get it
 * from a repository like any package. It needs no other package.
 *
 * @param output Folder that the program lies in.
 * @param key Path of an RSA private key in PEM; its name is the key's.
 * @returns Its path.
 */
export async function packApk(
  program: Program,
  record: ProgramRecord,
  output: string,
  key: string,
): Promise<string> {
  using work = tempDir();
  const tree = join(work.path, "tree"), info = join(work.path, "PKGINFO");
  makeDir(join(tree, "usr/bin"));
  const bytes = readBytes(join(output, record.file), 256 << 20);
  writeFileAtomic(join(tree, "usr/bin", program.name), bytes, 0o755);
  const lines = {
    pkgname: program.name,
    pkgver: `${record.version}-r0`,
    pkgdesc: program.description,
    arch: archOf(record),
    license: "Apache-2.0 AND MIT AND LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1",
    origin: "tower",
    provides: `cmd:${program.name}=${record.version}-r0`,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`).join("");
  writeFileAtomic(info, new TextEncoder().encode(text));
  const folder = join(output, "apk", archOf(record));
  makeDir(folder);
  using store = openStore(join(work.path, "store"));
  return await packFolder({ tree, infoFile: info, key, output: folder }, {
    store,
    breathe: inOneBreath,
    reporter: silent,
  });
}

/** Alpine's name of a target such as `linux-x86_64`. */
function archOf({ target }: ProgramRecord): string {
  return target.replace(/^linux-/, "");
}
