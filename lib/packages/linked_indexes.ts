import { LinkedIndex } from "../apk/solver/linked_index.ts";
import type { SigningKey, TrustedKey } from "../apk/types.ts";
import type { Digest } from "../brand.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import type { ContentStore } from "../store/ports.ts";
import type { RepositorySpec } from "./repositories.ts";

/** An index as it was fetched. */
export interface FetchedIndex {
  readonly spec: RepositorySpec;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** What is known of an index beside its packages. */
export interface IndexFacts {
  readonly packages: number;
  /** Seconds since 1970: when its newest package was built. */
  readonly newest: number;
  /** The key that its signature was verified with. */
  readonly signedBy: SigningKey;
}

/** The packages of indexes, and what is known of each index, in the same order. */
export interface LinkedIndexes {
  readonly facts: readonly IndexFacts[];
  readonly linked: LinkedIndex;
}

/** Another name whenever an index is read or linked in another way: see the test beside. */
const KIND = "linked";

/**
 * Indexes that were read and linked before, from the store: the same bytes in the same order, whose
 * signatures were made with keys that are trusted now. Undefined where there are none.
 */
export async function recallLinked(
  indexes: readonly FetchedIndex[],
  keys: readonly TrustedKey[],
  store: ContentStore,
): Promise<LinkedIndexes | undefined> {
  const bytes = await store.recall(KIND, nameOf(indexes));
  if (bytes === undefined) return undefined;
  const found = parseLinked(bytes);
  const isTrusted = ({ signedBy }: IndexFacts) =>
    keys.some((key) => key.digest === signedBy.digest && key.name === signedBy.name);
  return found.facts.every(isTrusted) ? found : undefined;
}

/** Keeps linked indexes for {@linkcode recallLinked}. */
export async function rememberLinked(
  indexes: readonly FetchedIndex[],
  { facts, linked }: LinkedIndexes,
  store: ContentStore,
): Promise<void> {
  await store.remember(KIND, nameOf(indexes), formatLinked(facts, linked.bytes));
}

function nameOf(indexes: readonly FetchedIndex[]): string {
  return hexOf(digestOf(indexes.map(({ digest }) => digest).join(" ")));
}

/** The tables, then the facts in JSON, and the number of its bytes in the last four. */
function formatLinked(facts: readonly IndexFacts[], linked: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(facts));
  const bytes = new Uint8Array(linked.length + json.length + 4);
  bytes.set(linked);
  bytes.set(json, linked.length);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, json.length, true);
  return bytes;
}

function parseLinked(bytes: Uint8Array<ArrayBuffer>): LinkedIndexes {
  const { buffer, byteOffset, length } = bytes;
  const end = length - 4, start = end - new DataView(buffer, byteOffset + end).getUint32(0, true);
  const json = new TextDecoder().decode(bytes.subarray(start, end));
  return { facts: JSON.parse(json), linked: new LinkedIndex(bytes.subarray(0, start)) };
}
