import { createHash } from "node:crypto";
import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import {
  exists,
  makeDir,
  readBytes,
  removeTree,
  tempDir,
  writeFileAtomic,
} from "../../lib/files/files.ts";
import type { Machine } from "./elf_layout.ts";
import { networkVariables } from "./network_variables.ts";
import type { Runtime, RuntimeContext } from "./runtime.ts";

/** The packages that npm's `deno` takes its program from. */
const PACKAGES: Readonly<Record<Machine, string>> = {
  x86_64: "@deno/linux-x64-glibc",
  aarch64: "@deno/linux-arm64-glibc",
};

/** What `npm view PACKAGE@VERSION dist.integrity` says, by version of Deno. */
const INTEGRITY: Readonly<Record<string, Readonly<Record<Machine, string>>>> = {
  "2.9.6": {
    x86_64:
      "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
    aarch64:
      "sha512-poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
  },
};

const LIMIT = 256 << 20;

/**
 * Gets `deno` of the running version for a machine through npm, once: the package stays in the
 * folder, and is hashed whenever it is used.
 *
 * @throws {TowerError} `unsupported` for a version that is not pinned, `tool` without npm or its
 * registry, `untrusted` when the package is another.
 */
export async function fetchNpmRuntime(
  machine: Machine,
  { version, cacheDir, runner }: Pick<RuntimeContext, "version" | "cacheDir" | "runner">,
): Promise<Runtime> {
  const integrity = INTEGRITY[version]?.[machine];
  const name = `${PACKAGES[machine]}@${version}`;
  if (integrity === undefined) {
    throw new TowerError("unsupported", `Cannot use "${name}": its integrity is not known here`, {
      hint: `run this with Deno ${
        Object.keys(INTEGRITY).join(" or ")
      }, or name a denort by DENORT_BIN`,
    });
  }
  const folder = join(cacheDir, "deno"), path = join(folder, `${machine}-${version}.tgz`);
  if (!exists(path) || integrityOf(readBytes(path, LIMIT)) !== integrity) {
    removeTree(path);
    makeDir(folder);
    writeFileAtomic(path, await download(name, runner));
  }
  if (integrityOf(readBytes(path, LIMIT)) !== integrity) {
    removeTree(path);
    throw new TowerError("untrusted", `Cannot use "${name}": it is not the package pinned`);
  }
  using work = tempDir();
  await runner.run({ argv: ["tar", "-xzf", path, "package/deno"], cwd: work.path });
  const bytes = readBytes(join(work.path, "package/deno"), LIMIT);
  return { kind: "deno", bytes, version, origin: "npm" };
}

async function download(name: string, runner: RuntimeContext["runner"]): Promise<Uint8Array> {
  if (runner.which("npm") === undefined) {
    throw new TowerError("tool", `Cannot get "${name}": no npm`, {
      hint: "run: sudo apt-get install npm",
    });
  }
  using work = tempDir();
  const options = ["--silent", "--ignore-scripts", "--pack-destination", work.path];
  const packed = await runner.run({
    argv: ["npm", "pack", ...options, name],
    variables: networkVariables(),
  });
  const archive = new TextDecoder().decode(packed.stdout).trim().split("\n").at(-1)!;
  return readBytes(join(work.path, archive), LIMIT);
}

/** As npm writes it (Subresource Integrity). */
function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
