import {
  ARCHIVE_FORMATS,
  type ArchiveEntry,
  type ArchiveFormat,
  type Blob,
  type SourceContent,
} from "../../lib/archive/entry.ts";
import { compressionIn, unpackArchive } from "../../lib/archive/unpack_archive.ts";
import { hexOf } from "../../lib/bytes/digest.ts";
import type { SourcePorts } from "./source.ts";
import { storeFile, storeWholeFile, type WantedFile } from "./stored_file.ts";

/** How the bytes of a file are read: as an archive, or as the file that it is. */
export const CONTENT_FORMATS = [...ARCHIVE_FORMATS, "raw"] as const;
export type ContentFormat = typeof CONTENT_FORMATS[number];

/** Another name whenever other entries come of the same bytes. */
const NOTE = "archive";

/** What the store remembers of an archive that was unpacked. */
interface Note {
  readonly entries: readonly ArchiveEntry[];
  readonly data: Blob;
  /** Bytes of the archive itself. */
  readonly size: number;
}

/** Brings a file into the store, and what is in it where it is an archive. */
export async function storeContent(
  file: WantedFile & { readonly size: number },
  format: ContentFormat,
  ports: SourcePorts,
): Promise<SourceContent> {
  if (format === "raw") {
    const blob = await storeFile(file, ports);
    return { type: "file", file: blob };
  }
  const { entries, data } = unpacked(file, format, ports) ?? await unpack(file, format, ports);
  return { type: "entries", entries, data };
}

/** What came of an archive before, where its contents are still there. */
function unpacked(
  { digest, size }: WantedFile,
  format: ArchiveFormat,
  { store }: SourcePorts,
): Note | undefined {
  const note = store.readNote(NOTE, noteName(digest, format)) as Note | undefined;
  if (note === undefined || note.size !== size || !store.has(note.data.digest)) return undefined;
  return store.open(note.data.digest).size === note.data.size ? note : undefined;
}

async function unpack(
  wanted: WantedFile,
  format: ArchiveFormat,
  ports: SourcePorts,
): Promise<Note> {
  const { store } = ports;
  const file = await storeWholeFile(wanted, ports);
  const source = store.open(file.digest);
  const isPlain = format !== "zip" && compressionIn(source) === undefined;
  const writer = isPlain ? undefined : store.writer();
  try {
    const archive = { source, format, name: wanted.name };
    const entries = await unpackArchive(archive, writer ?? { write() {} }, ports);
    // A tar that is not compressed holds its contents itself.
    const note: Note = { entries, data: writer?.commit() ?? file, size: file.size };
    store.writeNote(NOTE, noteName(file.digest, format), note);
    return note;
  } finally {
    writer?.discard();
  }
}

function noteName(digest: WantedFile["digest"], format: ArchiveFormat): string {
  return `${hexOf(digest)} ${format}`;
}
