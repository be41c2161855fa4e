import { printable, TowerError } from "../errors.ts";
import { isPackageName } from "./index_text.ts";
import type { PackageInfo } from "./types.ts";
import { isVersion } from "./version.ts";

/** Keys that may stand on several lines, or hold several items between spaces. */
const LISTS = ["depend", "provides", "install_if", "replaces", "triggers"] as const;

/**
 * Reads a .PKGINFO: lines of `key = value`, `#` starts a comment, keys that repeat accumulate
 * (apk-package(5); apk-tools src/package.c, read_info_line). Unknown keys are passed over.
 * @throws {TowerError} `malformed`.
 */
export function parsePackageInfo(text: string): PackageInfo {
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>(LISTS.map((key) => [key, []]));
  for (const line of text.split("\n")) {
    const equals = line.indexOf(" = ");
    if (line.startsWith("#") || equals < 0) continue;
    const key = line.slice(0, equals), value = line.slice(equals + 3);
    const list = lists.get(key);
    if (list) list.push(...value.split(" ").filter((item) => item !== ""));
    else values.set(key, value);
  }
  const checked = (key: string, allows: (text: string) => boolean, fallback?: string) => {
    const value = values.get(key) ?? fallback;
    if (value === undefined) throw malformed(`it has no "${key}"`);
    if (!allows(value)) throw malformed(`${key} "${printable(value)}" is not allowed`);
    return value;
  };
  const dataHash = values.get("datahash");
  if (dataHash !== undefined && !/^[0-9a-f]{64}$/.test(dataHash)) {
    throw malformed("datahash is no SHA-256");
  }
  return {
    name: checked("pkgname", isPackageName),
    version: checked("pkgver", isVersion),
    arch: checked("arch", isArchName, "noarch"),
    description: values.get("pkgdesc") ?? "",
    url: values.get("url") ?? "",
    license: values.get("license") ?? "",
    installedSize: integer(values, "size") ?? 0,
    ...defined("origin", values.get("origin")),
    ...defined("maintainer", values.get("maintainer")),
    ...defined("buildTime", integer(values, "builddate")),
    ...defined("commit", values.get("commit")),
    ...defined("providerPriority", integer(values, "provider_priority")),
    depends: lists.get("depend")!,
    provides: lists.get("provides")!,
    installIf: lists.get("install_if")!,
    replaces: lists.get("replaces")!,
    ...defined("replacesPriority", integer(values, "replaces_priority")),
    triggers: lists.get("triggers")!,
    ...defined("dataHash", dataHash),
  };
}

/**
 * Writes a .PKGINFO; {@linkcode parsePackageInfo} gives the same value back.
 * @throws {TowerError} `malformed` for a value that a line cannot hold.
 */
export function formatPackageInfo(info: PackageInfo): string {
  const lines: string[] = [];
  const put = (key: string, value: string | number | undefined) => {
    if (value === undefined || value === "") return;
    if (/[\n\0]/.test(String(value))) throw malformed(`${key} has more than one line`);
    lines.push(`${key} = ${value}\n`);
  };
  const putAll = (key: string, items: readonly string[]) => {
    for (const item of items) {
      if (/\s/.test(item) || item === "") throw malformed(`${key} "${item}" has a space`);
      put(key, item);
    }
  };
  put("pkgname", info.name);
  put("pkgver", info.version);
  put("pkgdesc", info.description);
  put("url", info.url);
  put("builddate", info.buildTime);
  put("size", info.installedSize);
  put("arch", info.arch);
  put("origin", info.origin);
  put("commit", info.commit);
  put("maintainer", info.maintainer);
  put("provider_priority", info.providerPriority);
  put("replaces_priority", info.replacesPriority);
  put("license", info.license);
  putAll("replaces", info.replaces);
  putAll("depend", info.depends);
  putAll("provides", info.provides);
  putAll("install_if", info.installIf);
  // apk-tools takes one line with all globs.
  put("triggers", info.triggers.join(" "));
  put("datahash", info.dataHash);
  const text = lines.join("");
  parsePackageInfo(text);
  return text;
}

/** Real names are more than those that media are built for. */
function isArchName(text: string): boolean {
  return /^[a-z0-9_]{1,32}$/.test(text);
}

function integer(values: ReadonlyMap<string, string>, key: string): number | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed(`${key} "${printable(value)}" is no number`);
  return Number(value);
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { readonly [k in K]: V };
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read .PKGINFO: ${cause}`);
}
