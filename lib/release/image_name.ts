import { compareBytes } from "../bytes/bytes.ts";

/** `toweros-host-<version>-<YYYYmmddHHMMSS>.img`, compressed or not, as TowerOS names its images. */
const NAME = /^toweros-host-([0-9A-Za-z._+]{1,32})-([0-9]{14})\.img(\.xz|\.zst|\.gz)?$/;

/** Whether a name is that of a host's image, as TowerOS names them. */
export function isHostImage(name: string): boolean {
  return NAME.test(name);
}

/** The version that an image's name tells. */
export function imageVersion(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

/** By version number, then by time: 0.10 comes after 0.9 (facts E11). Of two forms the plain one. */
export function compareImages(a: string, b: string): number {
  const [, versionA = "", stampA = "", suffixA = ""] = NAME.exec(a) ?? [];
  const [, versionB = "", stampB = "", suffixB = ""] = NAME.exec(b) ?? [];
  return compareVersions(versionA, versionB) || compareBytes(stampA, stampB) ||
    Number(suffixA === "") - Number(suffixB === "") || compareBytes(suffixA, suffixB);
}

/** Part by part, numbers as numbers; a part that is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [, n = "", rest = ""] = /^([0-9]*)(.*)$/.exec(x[i] ?? "0")!;
    const [, m = "", other = ""] = /^([0-9]*)(.*)$/.exec(y[i] ?? "0")!;
    const order = Number(n) - Number(m) || compareBytes(rest, other);
    if (order !== 0) return order;
  }
  return 0;
}
