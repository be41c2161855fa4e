import { z } from "zod";
import { TowerError } from "../errors.ts";
import { decodeValue, faultyJson, parseJson } from "../schema/json_document.ts";
import { sha256Digest } from "../schema/digest.ts";
import { fileName } from "../schema/scalars.ts";
import { SCRIPT_KINDS } from "../apk/types.ts";
import { recordedPartitions } from "./recorded_partition.ts";
import { fromVersion1 } from "./record_1.ts";

/** The last second that a date of four digits can tell. */
export const MAX_EPOCH = 253402300799;

/** Most items of the lists of a record: each wrong one is a fault of its own, with its message. */
const MOST_ITEMS = {
  ...{ artifacts: 1000, companions: 1000, trees: 1000, sources: 1000 },
  ...{ packages: 100_000, scripts: 100_000 },
};
const RECORD_HINT = "what a build wrote was changed since: build it again";

const size = z.int().min(0);
/** What is shown to people as it is: no line break of a stranger's may make it look like another line. */
const word = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "must be a name");

const artifact = z.strictObject({
  /** Kind of the output that made it: `disk`, `iso`, `tar`, `cpio`, `squashfs`. */
  kind: word,
  file: fileName,
  /** The tree that it was made of, where a record says so, and the folder of it that was taken. */
  tree: word.optional(),
  folder: z.string().optional(),
  /** Of what is inside where it is compressed (RFC 6838). */
  mediaType: z.string().regex(/^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,63}$/, "must be a media type"),
  digest: sha256Digest,
  size,
  /** Of a disk or a medium: the kernel's command line. */
  commandLine: z.string().optional(),
  /** Of a disk or a medium: what may start it. */
  loaders: z.array(z.string()).optional(),
  /** Of a disk: what lies where. Records that were made before do not say. */
  partitions: recordedPartitions.optional(),
  /** Of a compressed file: what compressed it, and what is inside. */
  compression: z.strictObject({ format: z.string(), tool: z.string() }).optional(),
  raw: z.strictObject({ digest: sha256Digest, size }).optional(),
  /** Of a file system that compresses its blocks: what does. */
  blocks: z.strictObject({ format: z.string(), tool: z.string() }).optional(),
});
const companion = z.strictObject({
  kind: z.enum(["bmap", "tree"]),
  file: fileName,
  /** Of a block map: the image that it is of. */
  of: fileName.optional(),
  /** Of a listing: the tree that it is of. */
  tree: word.optional(),
  digest: sha256Digest,
  size,
});
const packageEntry = z.looseObject({
  name: z.string(),
  version: z.string(),
  arch: z.string().optional(),
  license: z.string(),
  origin: z.string(),
  repository: z.string(),
  digest: sha256Digest,
  identity: z.string(),
  key: z.string(),
  /** The trees that it is in, where a build has several. */
  trees: z.array(word).min(1).optional(),
});
const source = z.looseObject({
  /** How it came: `archive`, `build`. */
  kind: word,
  /** As the manifest calls it. */
  name: word,
  digest: sha256Digest,
  size,
  /** Of an archive: where it was fetched from, without a query. */
  url: z.string().optional(),
  /** Of another build: its system and plan, and the artifact that was taken. */
  system: word.optional(),
  plan: sha256Digest.optional(),
  file: fileName.optional(),
});
const script = z.looseObject({
  package: z.string(),
  script: z.enum(SCRIPT_KINDS),
  sha256: z.string(),
  did: z.string(),
  detail: z.string(),
});

/** The part of a record that `verify` needs; the rest may grow. */
const artifactsDocument = z.looseObject({
  version: z.literal(2, "must be 1 or 2"),
  plan: sha256Digest,
  lock: sha256Digest,
  artifacts: z.array(artifact),
  companions: z.array(companion).default([]),
});
const recordDocument = artifactsDocument.extend({
  system: word,
  arch: word,
  epoch: z.int().min(0).max(MAX_EPOCH),
  builder: z.looseObject({ name: z.string(), version: z.string() }),
  /** Each after those that it was made of; older records have none. */
  trees: z.array(z.strictObject({ name: word, id: sha256Digest })).optional(),
  distribution: z.strictObject({ id: z.string(), version: z.string().optional() }).optional(),
  packages: z.array(packageEntry),
  /** What came from elsewhere beside packages; absent where nothing did. */
  sources: z.array(source).optional(),
  /** Optional packages that no repository had. */
  missing: z.array(z.string()).optional(),
  scripts: z.array(script),
});

/** A tree of a build: equal ids, equal trees. */
export type RecordedTree = NonNullable<BuildRecord["trees"]>[number];
/** A file that a build made. */
export type Artifact = z.infer<typeof artifact>;
/** A file that tells about the artifacts: a disk's block map, the listing of a tree. */
export type Companion = z.infer<typeof companion>;
/** What was built from what: the artifacts' digests and everything that went into them. */
export type BuildRecord = z.infer<typeof recordDocument>;
/** A package as a record lists it. */
export type RecordedPackage = BuildRecord["packages"][number];

/** A source as a record lists it. */
export type RecordedSource = NonNullable<BuildRecord["sources"]>[number];

/** A record as the text of its file. */
export function formatRecord(record: BuildRecord): string {
  return JSON.stringify(record, null, 2) + "\n";
}

/** Reads the files that a record answers for. @throws {TowerError} `malformed` */
export function parseArtifacts(
  text: string,
  file: string,
): Pick<BuildRecord, "artifacts" | "companions"> {
  return decode(text, file, artifactsDocument);
}

/** Reads a whole record. @throws {TowerError} `malformed` */
export function parseRecord(text: string, file: string): BuildRecord {
  return decode(text, file, recordDocument);
}

function decode<T extends z.ZodType<Pick<BuildRecord, "artifacts" | "companions">>>(
  text: string,
  file: string,
  document: T,
): z.infer<T> {
  const json = { text, what: `record "${file}"`, hint: RECORD_HINT };
  const value = parseJson(json);
  const bound = Object.entries(MOST_ITEMS).find(([field, most]) => lengthOf(value, field) > most);
  if (bound) {
    throw new TowerError(
      "limit",
      `Cannot read record "${file}": more than ${bound[1]} ${bound[0]}`,
    );
  }
  const record = decodeValue(fromVersion1(value), json, document);
  const double = doubleName(record);
  if (double !== undefined) throw faultyJson(json, [`it has "${double}" twice`]);
  return record;
}

/** What is known of a file, a tree or a source by its name must be said of it once. */
function doubleName(
  { artifacts, companions, ...rest }: Pick<BuildRecord, "artifacts" | "companions">,
): string | undefined {
  const { trees, sources } = rest as Partial<BuildRecord>;
  const lists = [
    [...artifacts, ...companions].map(({ file }) => file),
    (trees ?? []).map(({ name }) => name),
    (sources ?? []).map(({ name }) => name),
  ];
  return lists.flatMap((names) => names.find((name, i) => names.indexOf(name) !== i) ?? [])[0];
}

function lengthOf(value: unknown, field: string): number {
  if (typeof value !== "object" || value === null) return 0;
  const list = (value as Record<string, unknown>)[field];
  return Array.isArray(list) ? list.length : 0;
}
