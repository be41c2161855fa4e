/** What documents about a build share: names and times that come from its record alone. */
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { type Uuid, uuidFrom } from "../../lib/format/uuid.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { BuildRecord } from "../../lib/release/record.ts";

/** The name of a build: `lab-x86_64`. */
export function buildName({ system, arch }: BuildRecord): string {
  return `${system}-${arch}`;
}

/** The plan's epoch as a date: the time that all of its files carry. */
export function createdTime({ epoch }: BuildRecord): string {
  return new Date(epoch * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** A UUID for a document about this record: another record, or kind, gives another one. */
export function documentUuid(record: BuildRecord, kind: string): Uuid {
  return uuidFrom(`${kind} ${hexOf(digestOf(canonicalJson(record)))}`);
}
