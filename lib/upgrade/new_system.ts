import { createHash } from "node:crypto";
import { rootHashOfProgram } from "../boot/named_root.ts";
import { parseSlotSystem, SLOT_SYSTEM } from "../boot/slot_system.ts";
import type { Breathe } from "../breathe.ts";
import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { readVolume, type VolumePorts } from "../image/volume.ts";
import { sourceOf, textOf } from "../tree/content.ts";
import type { RootedSystem } from "./judge.ts";

const LIMIT = 1 << 16;
const CHUNK = 1 << 20;

/** Where a medium has what is written into a slot, by its part, and the file's name there (thinclient.yaml). */
const PARTS = {
  root: "live/root.squashfs",
  verity: "live/root.verity",
  program: "install/system.efi",
} as const;

/** A file of an update. */
export interface UpdatePart {
  readonly part: keyof typeof PARTS;
  /** As the slots' configuration calls it. */
  readonly name: string;
  readonly source: ByteSource;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What a medium has for a slot. */
export interface NewSystem extends RootedSystem {
  readonly parts: readonly UpdatePart[];
}

/**
 * Reads a thin client's medium.
 * @param iso gives the same bytes whenever it is asked
 * @param path for messages
 * @throws {TowerError} `unsupported` for another medium, `damaged` where its parts are of several builds
 */
export async function newSystem(
  iso: ByteSource,
  path: string,
  breathe: Breathe,
): Promise<NewSystem> {
  const ports: VolumePorts = {
    unpack: () => Promise.reject(notOne(path, "it is compressed")),
    breathe,
    warn() {},
  };
  const { format, tree, contents } = await readVolume(iso, ports);
  if (format !== "iso9660") throw notOne(path, `it is a volume of ${format}`);
  const sources = Object.entries(PARTS).map(([part, file]) => {
    const entry = tree.file(file);
    if (entry === undefined) throw notOne(path, `it has no ${file}`);
    const name = file.slice(file.lastIndexOf("/") + 1);
    return { part: part as keyof typeof PARTS, name, source: sourceOf(contents, entry.content) };
  });
  const [, verity, program] = sources as [Source, Source, Source];
  const rootHash = rootHashOfProgram(program.source);
  if (rootHash === undefined || rootHash !== topHash(verity.source)) {
    throw new TowerError("damaged", `Cannot use "${path}": ${PARTS.program} starts another root`);
  }
  // Not out of the root: its blocks take a decompressor that processors without SSE4.1 do not run.
  const said = tree.file(SLOT_SYSTEM);
  if (said === undefined) throw notOne(path, `it does not say what it is (${SLOT_SYSTEM})`);
  const id = parseSlotSystem(
    textOf(contents, said.content, LIMIT),
    `${path}:${SLOT_SYSTEM}`,
  );
  const parts: UpdatePart[] = [];
  for (const each of sources) parts.push({ ...each, sha256: await hashed(each.source, breathe) });
  return { id, rootHash, parts };
}

type Source = Omit<UpdatePart, "sha256">;

function notOne(path: string, why: string): TowerError {
  return new TowerError("unsupported", `Cannot upgrade from "${path}": ${why}`, {
    hint: "deno task build-image thinclient makes the medium that is meant",
  });
}

/** The SHA-256 of a hash tree's top block, which is its root hash where there is no salt (verity.sh). */
function topHash(verity: ByteSource): string {
  return createHash("sha256").update(readExactly(verity, 4096, 4096)).digest("hex");
}

async function hashed(source: ByteSource, breathe: Breathe): Promise<string> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  for (let at = 0; at < source.size;) {
    const n = source.readAt(at, chunk.subarray(0, Math.min(CHUNK, source.size - at)));
    if (n <= 0) throw new TowerError("malformed", "Cannot read the medium: a file ends too early");
    hash.update(chunk.subarray(0, n));
    at += n;
    await breathe();
  }
  return hash.digest("hex");
}
