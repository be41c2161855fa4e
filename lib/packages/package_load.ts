import { packageLimits, readPackage } from "../apk/package_reader.ts";
import type { TrustedKey, UnpackedPackage } from "../apk/types.ts";
import type { Digest } from "../brand.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { FileStore } from "../store/content_store.ts";
import type { Fetcher } from "../fetch/port.ts";
import type { PackageRequest } from "./request.ts";

export interface PackageSource {
  readonly store: FileStore;
  readonly fetcher: Fetcher;
  readonly keys: readonly TrustedKey[];
}

/**
 * Most bytes that a package may inflate to, as a multiple of its own size. Real ones stay below
 * 30; deflate itself could do 1032.
 */
const MOST_INFLATION = 100;
/** Another name whenever the note has another shape, or the reader finds other facts. */
const KIND = "package-table";

/** What the store remembers of a package: its data blob must still have this size. */
interface PackageNote {
  readonly dataSize: number;
  readonly package: UnpackedPackage;
}

/**
 * The package from the store, if it is there, is the one that is asked for, and was signed with
 * a key that is trusted now.
 */
export function storedPackage(
  { expect }: PackageRequest,
  { store, keys }: Pick<PackageSource, "store" | "keys">,
): UnpackedPackage | undefined {
  const note = store.readNote(KIND, expect.identity) as PackageNote | undefined;
  if (note === undefined || store.sizeOf(note.package.data) !== note.dataSize) return undefined;
  const { info, size, digest, identity, signedBy } = note.package;
  const isExpected = identity === expect.identity && size === expect.size &&
    info.name === expect.name && info.version === expect.version &&
    (expect.digest === undefined || expect.digest === digest);
  const isTrusted = keys.some((k) => k.digest === signedBy.digest && k.name === signedBy.name);
  return isExpected && isTrusted ? note.package : undefined;
}

/** A package whose file a store holds, as it was verified. */
export interface HeldPackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Of its file, in bytes. */
  readonly size: number;
  readonly digest: Digest;
}

/** The packages whose files a store holds, by name and version. */
export function heldPackages(store: FileStore): HeldPackage[] {
  const held = store.heldNotes(KIND).flatMap((note): HeldPackage[] => {
    const { info: { name, version, arch }, size, digest } = (note as PackageNote).package;
    return store.heldSize(digest) === size ? [{ name, version, arch, size, digest }] : [];
  });
  const keyOf = ({ name, version, arch }: HeldPackage) => `${name}\0${version}\0${arch}`;
  return held.sort((a, b) => compareBytes(keyOf(a), keyOf(b)));
}

/** Fetches, verifies and inflates a package into the store, and notes what it learnt. */
export async function fetchPackage(
  { url, expect }: PackageRequest,
  { store, fetcher, keys }: PackageSource,
  onProgress: (received: number) => void,
): Promise<UnpackedPackage> {
  const { size } = expect;
  const unpacked = await readPackage(fetcher.stream(url, { limit: size, size, onProgress }), {
    keys,
    data: store.writer(),
    limits: packageLimits({ size, installedSize: MOST_INFLATION * size }),
    expect,
  });
  const dataSize = store.sizeOf(unpacked.data);
  store.writeNote(KIND, expect.identity, { dataSize, package: unpacked });
  return unpacked;
}
