import { createHash } from "node:crypto";
import type { Brand } from "../brand.ts";

/** A UUID in its text form: 8-4-4-4-12 lower-case hexadecimal digits. */
export type Uuid = Brand<string, "Uuid">;

/** The UUID that a text spells in either case, or undefined. */
export function asUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower) ? lower as Uuid : undefined;
}

/**
 * The UUID that a seed stands for: version 8 (RFC 9562, §5.8), 122 bits of the seed's SHA-256.
 * The same seed gives the same UUID on every machine.
 */
export function uuidFrom(seed: string): Uuid {
  const bytes = createHash("sha256").update(seed, "utf8").digest().subarray(0, 16);
  bytes[6] = bytes[6]! & 0x0f | 0x80;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return formatUuid(bytes);
}

/** A number of 32 bits that a seed stands for: disk signatures and FAT volume numbers. */
export function serialFrom(seed: string): number {
  return createHash("sha256").update(seed, "utf8").digest().readUInt32LE(0);
}

/** The text of 16 bytes in network order, as ext4 stores them. */
export function formatUuid(bytes: Uint8Array): Uuid {
  if (bytes.length !== 16) throw new RangeError(`A UUID has 16 bytes, not ${bytes.length}`);
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-") as Uuid;
}

/** 16 bytes in network order. */
export function uuidBytes(uuid: Uuid): Uint8Array {
  const hex = uuid.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** 16 bytes as GPT and UEFI store them: the first three fields little-endian (UEFI, appendix A). */
export function guidBytes(uuid: Uuid): Uint8Array {
  return swapFields(uuidBytes(uuid));
}

/** The text of 16 bytes in the order of {@linkcode guidBytes}. */
export function formatGuid(bytes: Uint8Array): Uuid {
  return formatUuid(swapFields(bytes));
}

function swapFields(bytes: Uint8Array): Uint8Array {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Uint8Array.from(order, (from) => bytes[from]!);
}
