import type { Arch } from "../brand.ts";
import { concat, memorySource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { gunzipMember } from "../format/gzip.ts";
import { withoutSignatures } from "../format/pe/certificate_table.ts";
import { isPe, type Pe, readPe } from "../format/pe/headers.ts";
import { addSections } from "../format/pe/sections.ts";
import { bytesOf, piecesOf, textOf } from "../tree/content.ts";
import { type Content, type ContentReader, sizeOf } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { EFI_NAME } from "./systemd_boot.ts";

/** Where packages put the stub: systemd's, and gummiboot's, from which it came. */
const PLACES = ["usr/lib/systemd/boot/efi/linux", "usr/lib/gummiboot/linux"];
/** Larger files are none of their kind. */
const [MAX_STUB, MAX_KERNEL, MAX_OS_RELEASE] = [4 << 20, 256 << 20, 64 << 10];
const CHUNK = 1 << 20;
/** IMAGE_FILE_MACHINE_* of the architectures that have EFI programs for 64 bits. */
const MACHINES: Readonly<Partial<Record<Arch, number>>> = { x86_64: 0x8664, aarch64: 0xaa64 };
const GZIP = [0x1f, 0x8b];
/** What a boot menu needs to know of a unified kernel image, by the loaders of all times. */
const OS_FIELDS = ["ID", "PRETTY_NAME"] as const;

/** What a unified kernel image is made of. */
export interface UnifiedKernel {
  readonly arch: Arch;
  readonly stub: Content;
  /** The text of os-release(5). */
  readonly osRelease: string;
  /** What `uname -r` says. */
  readonly release: string;
  readonly commandLine: string;
  readonly kernel: Content;
  readonly initramfs: Content;
}

/**
 * The stub of unified kernel images out of a tree's packages.
 *
 * @throws {TowerError} `not-found` with the packages of which one is to be added; `unsupported` for
 * an architecture of 32 bits.
 */
export function findStub(tree: FileTree, arch: Arch): Content {
  if (MACHINES[arch] === undefined) {
    throw new TowerError("unsupported", `Cannot make a unified kernel image for "${arch}"`);
  }
  const paths = PLACES.map((place) => `${place}${EFI_NAME[arch]}.efi.stub`);
  const content = paths.map((path) => tree.file(path)?.content).find((found) => found);
  if (content) return content;
  throw new TowerError(
    "not-found",
    `Cannot make a unified kernel image: neither "/${paths.join('" nor "/')}" is in the tree`,
    { hint: "Add [systemd-efistub, gummiboot] to the world: Alpine has the second up to 3.21" },
  );
}

/**
 * The text of a unified image's `.osrel`: os-release as it is, and where it has no VERSION_ID, as that
 * of a rolling distribution, the kernel's release in its place.
 *
 * @throws {TowerError} `unsupported` where it lacks what a boot menu shows
 */
export function osReleaseOf(
  reader: ContentReader,
  content: Content,
  path: string,
  release: string,
): string {
  const cannot = `Cannot use "/${path}" in a unified kernel image`;
  if (sizeOf(content) > MAX_OS_RELEASE) throw new TowerError("limit", `${cannot}: it is too long`);
  const text = textOf(reader, content, MAX_OS_RELEASE);
  const has = (field: string) => new RegExp(`^${field}=`, "m").test(text);
  const missing = OS_FIELDS.filter((field) => !has(field));
  if (missing.length > 0) {
    throw new TowerError("unsupported", `${cannot}: it does not tell ${missing.join(" and ")}`, {
      hint: "boot menus leave out what has no name; see os-release(5)",
    });
  }
  if (has("VERSION_ID")) return text;
  return `${text.replace(/\n*$/, "\n")}VERSION_ID=${release}\n`;
}

/**
 * Writes a unified kernel image (UAPI Group, "Unified Kernel Image"): the stub, and behind its
 * sections those of the system. A signature that stub or kernel have goes: the image is signed whole.
 *
 * @throws {TowerError} `malformed` and `unsupported` for a stub or kernel that is none for the
 * architecture.
 */
export function writeUnifiedKernel(
  { arch, stub, osRelease, release, commandLine, kernel, initramfs }: UnifiedKernel,
  reader: ContentReader,
  write: (bytes: Uint8Array) => void,
): void {
  if (sizeOf(initramfs) === 0) {
    throw new TowerError("malformed", "Cannot make a unified kernel image: its initramfs is empty");
  }
  const base = bytesOf(reader, stub, MAX_STUB);
  const image = inPart("stub", () => requireMachine(readPe(memorySource(base)), arch));
  const linux = inPart("kernel", () => kernelBytes(bytesOf(reader, kernel, MAX_KERNEL), arch));
  const encoder = new TextEncoder();
  const inMemory = [
    { name: ".osrel", bytes: encoder.encode(osRelease) },
    { name: ".uname", bytes: encoder.encode(release) },
    { name: ".cmdline", bytes: encoder.encode(commandLine) },
    { name: ".linux", bytes: linux },
  ].filter(({ bytes }) => bytes.length > 0);
  const sections = [
    ...inMemory.map(({ name, bytes }) => ({ name, size: bytes.length })),
    { name: ".initrd", size: sizeOf(initramfs) },
  ];
  const grown = inPart("stub", () => addSections(image, sections));
  let at = 0;
  const put = (bytes: Uint8Array) => {
    write(bytes);
    at += bytes.length;
  };
  const padTo = (offset: number) => put(new Uint8Array(offset - at));
  put(grown.headers);
  put(base.subarray(grown.bodyStart, grown.bodyEnd));
  for (const [i, { bytes }] of inMemory.entries()) {
    padTo(grown.offsets[i]!);
    put(bytes);
  }
  padTo(grown.offsets.at(-1)!);
  for (const piece of piecesOf(reader, initramfs, new Uint8Array(CHUNK))) put(piece);
  padTo(grown.size);
}

/**
 * A kernel as a stub starts it. On Arm distributions pack it with gzip, which a boot loader undoes;
 * the stub does not.
 */
function kernelBytes(packed: Uint8Array, arch: Arch): Uint8Array {
  const isPacked = GZIP.every((byte, i) => packed[i] === byte);
  const bytes = isPacked ? gunzipMember(packed, 0, MAX_KERNEL).content : packed;
  const source = memorySource(bytes);
  if (!isPe(source)) {
    throw new TowerError("unsupported", "Cannot start it by EFI: it is no EFI program", {
      hint: "take a kernel that is built with CONFIG_EFI_STUB",
    });
  }
  const { headers, bodyEnd } = withoutSignatures(requireMachine(readPe(source), arch));
  return concat([headers, bytes.subarray(headers.length, bodyEnd)]);
}

function requireMachine(pe: Pe, arch: Arch): Pe {
  if (pe.machine === MACHINES[arch]) return pe;
  const found = pe.machine.toString(16);
  throw new TowerError("unsupported", `Cannot start it on "${arch}": it is of machine 0x${found}`);
}

function inPart<T>(part: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const message = `Cannot make a unified kernel image of this ${part}`;
    throw new TowerError(cause.code, message, {
      cause,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    });
  }
}
