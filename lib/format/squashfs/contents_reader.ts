import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Decompress } from "./decompress.ts";
import type { FilePlace } from "./inode_reader.ts";
import type { LookupReader } from "./lookup_reader.ts";
import { malformed, NONE, STORED, SUPERBLOCK, type Superblock } from "./superblock.ts";

/** Blocks of one file at most: 512 GiB of 128 KiB each. */
const MOST_BLOCKS = 1 << 22;
/** Decompressed blocks that are kept: one of a file, and some with tails. */
const KEPT = 4;

/** A file and where it begins among all of them. */
interface PlacedFile {
  readonly base: number;
  readonly place: FilePlace;
}

/** Where the blocks of a file are. */
interface BlockList {
  readonly file: PlacedFile;
  /** With `STORED`, or 0 for a hole. */
  readonly sizes: DataView;
  readonly positions: Float64Array;
}

/**
 * The contents of all files, one behind the other as if they were one source: each is read and
 * decompressed where it is asked for.
 */
export class ContentsReader implements ByteSource {
  readonly #source: ByteSource;
  readonly #superblock: Superblock;
  readonly #fragments: LookupReader | undefined;
  readonly #decompress: Decompress;
  readonly #files: PlacedFile[] = [];
  readonly #blocks = new Map<number, Uint8Array>();
  #last: BlockList | undefined;
  #size = 0;

  constructor(
    source: ByteSource,
    superblock: Superblock,
    fragments: LookupReader | undefined,
    decompress: Decompress,
  ) {
    this.#source = source;
    this.#superblock = superblock;
    this.#fragments = fragments;
    this.#decompress = decompress;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes a file; returns where it begins. @throws {TowerError} `malformed` */
  add(place: FilePlace): number {
    const { size, fragment, offset } = place;
    const base = this.#size;
    const blocks = this.#blocksOf(place);
    if (blocks > MOST_BLOCKS || 4 * blocks > place.sizes.mostBytes) {
      throw malformed(`a file has ${size} bytes`);
    }
    const { blockSize, fragments } = this.#superblock;
    if (fragment !== NONE && (fragment >= fragments || offset + size % blockSize > blockSize)) {
      throw malformed(`a file ends in fragment ${fragment} of ${fragments} at ${offset}`);
    }
    if (!Number.isSafeInteger(base + size)) throw malformed("its files have too many bytes");
    this.#size = base + size;
    if (size > 0) this.#files.push({ base, place });
    return base;
  }

  readAt(offset: number, into: Uint8Array): number {
    if (into.length === 0 || offset < 0 || offset >= this.#size) return 0;
    const file = this.#fileAt(offset);
    const { blockSize } = this.#superblock;
    const at = offset - file.base;
    const number = Math.floor(at / blockSize);
    const bytes = number < this.#blocksOf(file.place)
      ? this.#block(this.#listOf(file), number)
      : this.#tail(file.place);
    const part = bytes.subarray(at % blockSize, at % blockSize + into.length);
    into.set(part);
    return part.length;
  }

  #fileAt(offset: number): PlacedFile {
    let [low, high] = [0, this.#files.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#files[middle]!.base <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#files[low]!;
  }

  #blocksOf({ size, fragment }: FilePlace): number {
    const blocks = size / this.#superblock.blockSize;
    return fragment === NONE ? Math.ceil(blocks) : Math.floor(blocks);
  }

  #listOf(file: PlacedFile): BlockList {
    if (this.#last?.file === file) return this.#last;
    const count = this.#blocksOf(file.place);
    const sizes = file.place.sizes.copy().view(4 * count);
    const positions = new Float64Array(count);
    let position = file.place.start;
    for (let i = 0; i < count; i++) {
      positions[i] = position;
      position += sizes.getUint32(4 * i, true) & (STORED - 1);
    }
    return this.#last = { file, sizes, positions };
  }

  #block({ file, sizes, positions }: BlockList, number: number): Uint8Array {
    const { blockSize } = this.#superblock;
    const length = Math.min(blockSize, file.place.size - number * blockSize);
    const size = sizes.getUint32(4 * number, true);
    if (size === 0) return new Uint8Array(length);
    const bytes = this.#read(positions[number]!, size);
    if (bytes.length !== length) throw malformed(`a block has ${bytes.length} bytes of ${length}`);
    return bytes;
  }

  #tail({ size, fragment, offset }: FilePlace): Uint8Array {
    const entry = this.#fragments!.entry(fragment);
    const bytes = this.#read(Number(entry.getBigUint64(0, true)), entry.getUint32(8, true));
    const end = offset + size % this.#superblock.blockSize;
    if (end > bytes.length) throw malformed(`a fragment has ${bytes.length} bytes of ${end}`);
    return bytes.subarray(offset, end);
  }

  /** A block of the medium, decompressed. */
  #read(position: number, size: number): Uint8Array {
    const known = this.#blocks.get(position);
    this.#blocks.delete(position);
    const bytes = known ?? this.#unpack(position, size);
    this.#blocks.set(position, bytes);
    if (this.#blocks.size > KEPT) this.#blocks.delete(this.#blocks.keys().next().value!);
    return bytes;
  }

  #unpack(position: number, word: number): Uint8Array {
    const { blockSize, bytesUsed } = this.#superblock;
    const size = word & (STORED - 1);
    const isPlaced = position >= SUPERBLOCK && position + size <= bytesUsed;
    if (size === 0 || size > blockSize || !isPlaced || word >= 2 * STORED) {
      throw malformed(`a block of ${word} is at ${position}`);
    }
    const raw = readExactly(this.#source, position, size);
    return word & STORED ? raw : this.#decompress(raw, blockSize);
  }
}
