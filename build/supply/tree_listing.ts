import { createHash } from "node:crypto";
import { z } from "zod";
import { TowerError } from "../../lib/errors.ts";
import { piecesOf } from "../../lib/tree/content.ts";
import { type Content, type ContentReader, type Entry, sizeOf } from "../../lib/tree/entry.ts";
import { type FileTree, isCanonical } from "../../lib/tree/file_tree.ts";

/** Bytes hashed at a time. */
const CHUNK = 1 << 20;
const MAX_ENTRIES = 2_000_000;

const id = z.int().min(0);
const listedEntry = z.strictObject({
  path: z.string().refine((p) => p === "" || isCanonical(p), "must be a canonical path"),
  type: z.enum(["file", "directory", "symlink", "hardlink", "char", "block", "fifo"]),
  mode: z.string().regex(/^[0-7]{4}$/),
  uid: id,
  gid: id,
  origin: z.string(),
  size: id.optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).optional(),
  target: z.string().optional(),
  device: z.tuple([id, id]).optional(),
  /** Base64 by name. */
  xattrs: z.record(z.string(), z.string()).optional(),
});
const listing = z.strictObject({
  version: z.literal(1),
  entries: z.array(listedEntry).max(MAX_ENTRIES),
});

/** What one entry of a system's tree is, without its bytes and without times. */
export type ListedEntry = z.infer<typeof listedEntry>;

/**
 * A tree as text that two builds can be compared by: JSON with an entry a line, in the tree's
 * order. The same tree gives the same text. It comes in pieces of a line, as a tree may have
 * millions.
 */
export function* formatTreeListing(tree: FileTree, reader: ContentReader): Generator<string> {
  const chunk = new Uint8Array(CHUNK);
  let before = '{"version":1,"entries":[\n';
  for (const entry of tree.walk()) {
    yield before + JSON.stringify(listed(entry, reader, chunk));
    before = ",\n";
  }
  yield "\n]}\n";
}

function listed(entry: Entry, reader: ContentReader, chunk: Uint8Array): ListedEntry {
  const { origin } = entry;
  const sha256 = entry.type === "file" ? hashOf(entry.content, reader, chunk) : undefined;
  // Its fields stand in the order of the listing.
  return comparedEntry(entry, sha256, origin) as ListedEntry;
}

/** An entry of any tree to compare, where nobody may know who put it there. */
export type ComparedEntry = Omit<ListedEntry, "origin"> & Partial<Pick<ListedEntry, "origin">>;

/** @param sha256 Of a file, where its bytes count. */
export function comparedEntry(entry: Entry, sha256?: string, origin?: string): ComparedEntry {
  const { path, type, uid, gid, xattrs } = entry;
  return {
    path,
    type,
    mode: entry.mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    ...(origin === undefined ? {} : { origin }),
    ...(entry.type === "file" ? { size: sizeOf(entry.content) } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...("target" in entry ? { target: entry.target } : {}),
    ...("major" in entry ? { device: [entry.major, entry.minor] } : {}),
    ...(xattrs === undefined || xattrs.size === 0 ? {} : {
      xattrs: Object.fromEntries(
        [...xattrs].sort(([a], [b]) => a < b ? -1 : 1).map(([name, v]) => [name, v.toBase64()]),
      ),
    }),
  };
}

function hashOf(content: Content, reader: ContentReader, chunk: Uint8Array): string {
  if (content.kind === "span" && content.sha256 !== undefined) return content.sha256;
  const hash = createHash("sha256");
  for (const piece of piecesOf(reader, content, chunk)) hash.update(piece);
  return hash.digest("hex");
}

/** Reads a listing; the paths are unique. @throws {TowerError} `malformed` */
export function parseTreeListing(text: string, file: string): ReadonlyMap<string, ListedEntry> {
  const malformed = (cause: string) =>
    new TowerError("malformed", `Cannot read tree listing "${file}": ${cause}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("it is not JSON");
  }
  const result = listing.safeParse(value);
  if (!result.success) {
    const faults = result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`);
    throw malformed(faults.slice(0, 4).join("; "));
  }
  const entries = new Map(result.data.entries.map((entry) => [entry.path, entry]));
  if (entries.size !== result.data.entries.length) throw malformed("a path comes twice");
  return entries;
}
