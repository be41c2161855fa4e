import { TowerError } from "../errors.ts";
import { readTarFiles } from "../format/tar_files.ts";
import { parsePackageInfo } from "./package_info.ts";
import { type PackageInfo, SCRIPT_KINDS, type ScriptKind } from "./types.ts";

/** What a package says of itself: its second member. */
export interface ControlMember {
  readonly info: PackageInfo;
  /** In the order of {@linkcode SCRIPT_KINDS}, base64. */
  readonly scripts: readonly { readonly kind: ScriptKind; readonly base64: string }[];
}

/**
 * Reads an inflated control member (apk-v2(5)). Hidden entries that are neither .PKGINFO nor a
 * script are passed over, as by apk-tools.
 * @throws {TowerError} `malformed` or `limit`.
 */
export function readControlMember(tar: Uint8Array): ControlMember {
  const files = new Map<string, Uint8Array>();
  for (
    const { entry, content } of readTarFiles(tar, { entries: 64, header: 64 << 10, dialect: "apk" })
  ) {
    if (!entry.path.startsWith(".") || entry.path.includes("/") || entry.type !== "file") {
      throw malformed(`"${entry.path}" is no control file`);
    }
    if (files.has(entry.path)) throw malformed(`"${entry.path}" stands twice`);
    files.set(entry.path, content);
  }
  const info = files.get(".PKGINFO");
  if (!info) throw malformed("it has no .PKGINFO");
  return {
    info: parsePackageInfo(new TextDecoder().decode(info)),
    scripts: SCRIPT_KINDS.flatMap((kind) => {
      const script = files.get(`.${kind}`);
      return script ? [{ kind, base64: script.toBase64() }] : [];
    }),
  };
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read control member: ${cause}`);
}
