import type { BuildRecord, RecordedPackage } from "../../lib/release/record.ts";

/** Namespace of packages whose system does not say what distribution it is. */
const UNKNOWN = "unknown";

/** A package's URL: `pkg:apk/alpine/busybox@1.37.0-r12?arch=x86_64` (purl specification, apk). */
export function purlOf(item: RecordedPackage, record: BuildRecord): string {
  const { id = UNKNOWN, version } = record.distribution ?? {};
  const qualifiers = [
    `arch=${encoded(item.arch ?? record.arch)}`,
    ...(version === undefined ? [] : [`distro=${encoded(`${id}-${version}`)}`]),
  ];
  const name = `${encoded(id.toLowerCase())}/${encoded(item.name.toLowerCase())}`;
  return `pkg:apk/${name}@${encoded(item.version)}?${qualifiers.join("&")}`;
}

/** Percent-encoded but for letters, digits and `.-_~:`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":")
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Where a package was fetched from; undefined where its repository has no address. */
export function downloadOf(item: RecordedPackage, record: BuildRecord): string | undefined {
  if (!/^https?:\/\/[^\s@]+$/.test(item.repository)) return undefined;
  const file = `${encodeURIComponent(item.name)}-${encodeURIComponent(item.version)}.apk`;
  return `${item.repository.replace(/\/+$/, "")}/${record.arch}/${file}`;
}
