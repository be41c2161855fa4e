import type { Env } from "../../lib/env.ts";
import { removeTree } from "../../lib/files/files.ts";
import { alpineOracle, type Oracle } from "../../tests/support/apk/alpine_oracle.ts";
import type { Meter } from "./measure.ts";
import type { Sample } from "./report.ts";

/** Real apk and what it needs here, or why it cannot be measured. */
export async function findApk(env: Env): Promise<Oracle | { skip: string }> {
  if (env.runner.which("mke2fs") === undefined) return { skip: "mke2fs is not here" };
  if (Deno.uid() !== 0) return { skip: "apk sets owners, which only root can" };
  return await alpineOracle();
}

/** Installs packages of an x86_64 repository into a new folder, without scripts. */
export async function installByApk(
  oracle: Oracle,
  meter: Meter,
  { repository, keys, root, names }: {
    readonly repository: string;
    /** Folder with its public keys. */
    readonly keys: string;
    readonly root: string;
    readonly names: readonly string[];
  },
): Promise<Sample> {
  const list = `${root}.repositories`;
  removeTree(root);
  Deno.writeTextFileSync(list, `${repository}\n`);
  const options = [
    ...["--root", root, "--initdb", "--arch", "x86_64", "--keys-dir", keys],
    ...["--repositories-file", list, "--no-network", "--no-scripts", "--quiet", "--no-progress"],
  ];
  const { sample } = await meter.measure({
    argv: oracle.argv("sbin/apk", [...options, "add", ...names]),
  });
  const installed = Deno.readTextFileSync(`${root}/lib/apk/db/installed`);
  const count = installed.match(/^P:/gm)?.length;
  if (count === names.length) return sample;
  throw new Error(`apk installed ${count} packages, tower-build ${names.length}`);
}
