import type { Env } from "../../lib/env.ts";
import { canonicalJson } from "../../lib/json.ts";
import { heldPackages } from "../../lib/packages/package_load.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { count, formatBytes } from "../../lib/report/quantity.ts";
import { openPackageStore } from "./host_sources.ts";

/** Lists the packages that this machine holds. */
export function listCache({ json }: { readonly json: boolean }, env: Env): void {
  using reporter = reporterFor(env, json);
  using store = openPackageStore(env, reporter);
  const held = heldPackages(store);
  if (json) return env.stdout.write(`${canonicalJson(held, 2)}\n`);
  const lines = held.map(({ name, version, arch, size, digest }) =>
    `${name}-${version}  ${arch}  ${formatBytes(size)}  ${digest}\n`
  );
  const bytes = held.reduce((sum, { size }) => sum + size, 0);
  env.stdout.write(`${lines.join("")}${count(held.length, "package")}, ${formatBytes(bytes)}\n`);
}
