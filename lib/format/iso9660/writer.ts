import { inOneBreath } from "../../breathe.ts";
import type { ByteSink } from "../../bytes/bytes.ts";
import { bytesOf, piecesOf } from "../../tree/content.ts";
import type { ContentReader, FileEntry } from "../../tree/entry.ts";
import { shortDate } from "./date.ts";
import { encodeBootRecord, encodePrimary, encodeTerminator } from "./descriptor.ts";
import { encodeRecord, type Extent, RECORD_FLAG, recordSize } from "./directory_record.ts";
import { BOOT_INFO, bootInfoTable, encodeCatalogue } from "./el_torito.ts";
import type { IsoNode } from "./inventory.ts";
import { writePartitionTable } from "./partition_table.ts";
import { encodePathTable } from "./path_table.ts";
import type { IsoLayout, PlannedDirectory } from "./plan.ts";
import { extentsOf, placeBehind, type PlannedRecord } from "./records.ts";
import { type AreaPlace, continuationEntry } from "./rock_ridge.ts";
import { RunWriter } from "./run_writer.ts";
import { ISO_SECTOR, sectorsOf, SYSTEM_SECTORS } from "./sector.ts";

const CHUNK = 1 << 20;
const LARGEST_LOADER = 1 << 20;

/**
 * Writes a medium, all but its EFI system partition. What it does not write must read as zeros.
 *
 * @param onProgress Gets the bytes of files written so far; what it waits for is waited for.
 */
export async function writeIso(
  layout: IsoLayout,
  reader: ContentReader,
  sink: ByteSink,
  onProgress: (done: number) => Promise<void> = inOneBreath,
): Promise<void> {
  const { boot } = layout.options;
  writeDescriptors(layout, sink);
  writePathTables(layout, sink);
  writeDirectories(layout, sink);
  await writeFiles(layout, reader, sink, onProgress);
  if (!boot) return;
  const loader = boot.bios && layout.files.get(boot.bios.loader)!.sector;
  const esp = boot.esp && layout.filesEnd;
  sink.writeAt(layout.catalogue * ISO_SECTOR, encodeCatalogue({ bios: loader, esp }));
  if (loader !== undefined) {
    const bytes = bytesOf(reader, fileAt(layout, boot.bios!.loader).content, LARGEST_LOADER);
    sink.writeAt(loader * ISO_SECTOR + BOOT_INFO.offset, bootInfoTable(bytes, loader));
  }
  writePartitionTable(layout, boot, sink);
}

function writeDescriptors(layout: IsoLayout, sink: ByteSink): void {
  const { options: { label, epoch, boot }, pathTable, directories: [root] } = layout;
  const sectors = layout.size / ISO_SECTOR;
  const rootTime = root!.directory.node.posix.mtime;
  const descriptors = [
    encodePrimary({ label, sectors, pathTable, root: root!.extent, rootTime, epoch }),
    ...(boot ? [encodeBootRecord(layout.catalogue)] : []),
    encodeTerminator(),
  ];
  descriptors.forEach((bytes, i) => sink.writeAt((SYSTEM_SECTORS + i) * ISO_SECTOR, bytes));
}

function writePathTables({ directories, pathTable }: IsoLayout, sink: ByteSink): void {
  const numbers = new Map(directories.map(({ directory }, i) => [directory, i + 1]));
  const listed = directories.map(({ directory, extent: { sector } }) => ({
    id: directory.id,
    sector,
    parent: numbers.get(directory.parent ?? directory)!,
  }));
  sink.writeAt(pathTable.little * ISO_SECTOR, encodePathTable(listed, true));
  sink.writeAt(pathTable.big * ISO_SECTOR, encodePathTable(listed, false));
}

function writeDirectories(layout: IsoLayout, sink: ByteSink): void {
  const extents = new Map(
    layout.directories.map(({ directory, extent }) => [directory.node.entry.path, extent]),
  );
  const areas = new Uint8Array(sectorsOf(layout.areas.size) * ISO_SECTOR);
  const places = ({ target }: IsoNode): readonly Extent[] =>
    target.type === "file"
      ? extentsOf(layout.files.get(target.path)!)
      : [extents.get(target.path) ?? { sector: 0, size: 0 }];
  const run = new RunWriter(sink);
  for (const planned of layout.directories) {
    run.startAt(planned.extent.sector * ISO_SECTOR);
    run.push(encodeDirectory(planned, places, layout.areas, areas));
  }
  run.flush();
  if (areas.length > 0) sink.writeAt(layout.areas.sector * ISO_SECTOR, areas);
}

function encodeDirectory(
  { extent, records }: PlannedDirectory,
  places: (node: IsoNode) => readonly Extent[],
  { sector: firstArea }: Extent,
  areas: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(extent.size);
  let at = 0;
  for (const record of records) {
    const { id, node, use } = record;
    const size = recordSize(id, use);
    const lead = writeAreas(record, firstArea, areas);
    const extents = places(node);
    extents.forEach((part, i) => {
      at = placeBehind(at, size);
      const goesOn = i < extents.length - 1 ? RECORD_FLAG.goesOn : 0;
      encodeRecord(bytes.subarray(at, at + size), {
        id,
        extent: part,
        flags: goesOn | (node.target.type === "directory" ? RECORD_FLAG.directory : 0),
        date: shortDate(node.posix.mtime),
        entries: lead ? [use.inline, lead] : [use.inline],
      });
      at += size;
    });
  }
  return bytes;
}

/** Writes a record's continuation areas; returns the entry that leads to the first. */
function writeAreas(
  { use, areas: places }: PlannedRecord,
  first: number,
  areas: Uint8Array,
): Uint8Array | undefined {
  const leadTo = (place: AreaPlace) =>
    continuationEntry({ ...place, sector: first + place.sector });
  places.forEach(({ sector, offset }, i) => {
    const at = sector * ISO_SECTOR + offset;
    const next = places[i + 1];
    areas.set(use.areas[i]!, at);
    if (next) areas.set(leadTo(next), at + use.areas[i]!.length);
  });
  return places[0] && leadTo(places[0]);
}

async function writeFiles(
  layout: IsoLayout,
  reader: ContentReader,
  sink: ByteSink,
  onProgress: (done: number) => Promise<void>,
): Promise<void> {
  const shared = layout.options.boot?.esp?.shared;
  const run = new RunWriter(sink);
  const chunk = new Uint8Array(CHUNK);
  const written = new Set<string>();
  let done = 0;
  for (const { node: { target } } of layout.directories.flatMap(({ records }) => records)) {
    if (target.type !== "file" || shared?.has(target.path) || written.has(target.path)) continue;
    written.add(target.path);
    const { sector, size } = layout.files.get(target.path)!;
    if (size === 0) continue;
    run.startAt(sector * ISO_SECTOR);
    for (const piece of piecesOf(reader, target.content, chunk)) {
      run.push(piece);
      await onProgress(done += piece.length);
    }
  }
  run.flush();
}

function fileAt(layout: IsoLayout, path: string): FileEntry {
  for (const { records } of layout.directories) {
    for (const { node: { target } } of records) {
      if (target.type === "file" && target.path === path) return target;
    }
  }
  throw new RangeError(`"${path}" is not on the medium`);
}
