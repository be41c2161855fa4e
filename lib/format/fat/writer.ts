import { inOneBreath } from "../../breathe.ts";
import type { ByteSink } from "../../bytes/bytes.ts";
import { piecesOf } from "../../tree/content.ts";
import { type ContentReader, sizeOf } from "../../tree/entry.ts";
import { BACKUP_SECTOR, encodeBootSector, encodeFsInfo, FSINFO_SECTOR } from "./boot_sector.ts";
import { ATTRIBUTE, type DirectoryRecord, encodeDirectory, plainName } from "./directory.ts";
import { SECTOR, TABLES } from "./geometry.ts";
import { clusterSector, type FatLayout, type FatNode, parentCluster } from "./layout.ts";
import { tablePieces } from "./table.ts";

const CHUNK = 1 << 20;

/**
 * Writes a volume. What it does not write must read as zeros.
 *
 * @param onProgress Gets the bytes of files written so far, and is waited for.
 */
export async function writeFat(
  layout: FatLayout,
  reader: ContentReader,
  sink: ByteSink,
  onProgress: (done: number) => Promise<void> = inOneBreath,
): Promise<void> {
  writeHead(layout, sink);
  const chunk = new Uint8Array(CHUNK);
  let done = 0;
  for (const node of layout.nodes.values()) {
    const at = placeOf(layout, node);
    if (node.entry.type === "directory") {
      sink.writeAt(at, encodeDirectory(recordsOf(layout, node)));
      continue;
    }
    let end = at;
    for (const piece of piecesOf(reader, node.entry.content, chunk)) {
      sink.writeAt(end, piece);
      end += piece.length;
      await onProgress(done += piece.length);
    }
  }
}

function writeHead(layout: FatLayout, sink: ByteSink): void {
  const { geometry } = layout;
  const boot = encodeBootSector(layout);
  sink.writeAt(0, boot);
  if (geometry.type === "fat32") {
    const info = encodeFsInfo(layout);
    for (const base of [0, BACKUP_SECTOR]) {
      sink.writeAt(base * SECTOR, boot);
      sink.writeAt((base + FSINFO_SECTOR) * SECTOR, info);
    }
  }
  let offset = geometry.reservedSectors * SECTOR;
  for (const piece of tablePieces(layout)) {
    for (let table = 0; table < TABLES; table++) {
      sink.writeAt(offset + table * geometry.tableSectors * SECTOR, piece);
    }
    offset += piece.length;
  }
}

function placeOf({ geometry }: FatLayout, node: FatNode): number {
  const fixedRoot = node.entry.path === "" && geometry.type !== "fat32";
  const sector = fixedRoot
    ? geometry.reservedSectors + TABLES * geometry.tableSectors
    : clusterSector(geometry, node.cluster);
  return sector * SECTOR;
}

function recordsOf(layout: FatLayout, directory: FatNode): DirectoryRecord[] {
  const { path, mtime } = directory.entry;
  const dot = { attributes: ATTRIBUTE.directory, size: 0, mtime };
  const head: DirectoryRecord[] = path === ""
    ? [{
      name: plainName(layout.options.label),
      attributes: ATTRIBUTE.label,
      cluster: 0,
      size: 0,
      mtime: layout.options.epoch,
    }]
    : [
      { ...dot, name: plainName("."), cluster: directory.cluster },
      { ...dot, name: plainName(".."), cluster: parentCluster(layout, path) },
    ];
  return [...head, ...layout.listings.get(path)!.map((child) => recordOf(layout, child))];
}

function recordOf(layout: FatLayout, path: string): DirectoryRecord {
  const { entry, name, cluster } = layout.nodes.get(path)!;
  const { mtime } = entry;
  if (entry.type === "directory") {
    return { name, attributes: ATTRIBUTE.directory, cluster, size: 0, mtime };
  }
  const system = layout.options.systemFiles.has(path)
    ? ATTRIBUTE.readOnly | ATTRIBUTE.hidden | ATTRIBUTE.system
    : 0;
  const attributes = ATTRIBUTE.archive | system;
  return { name, attributes, cluster, size: sizeOf(entry.content), mtime };
}
