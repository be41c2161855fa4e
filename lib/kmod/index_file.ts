import { TowerError } from "../errors.ts";

const MAGIC = 0xb007f457;
const VERSION = 0x0002_0001;
/** Longest key (PATH_MAX, as kmod's readers): also bounds how deep the tree gets. */
const MAX_KEY = 4095;
/** Flags in the upper nibble of a node's offset: which of its three parts it has. */
const HAS_PREFIX = 0x8000_0000, HAS_VALUES = 0x4000_0000, HAS_CHILDREN = 0x2000_0000;

interface Value {
  readonly text: string;
  readonly priority: number;
}

interface Node {
  /** What all keys below share after the character that led here. */
  prefix: string;
  readonly values: Value[];
  readonly children: Map<number, Node>;
}

/**
 * Writer of kmod's index files (`modules.*.bin`, format 2.1): a radix tree of keys whose nodes
 * hold values ordered by priority. Format: comment in kmod libkmod/libkmod-index.c.
 */
export class IndexFile {
  readonly #root: Node = newNode("");

  /**
   * Adds a value under a key. Lower priorities come first when the index is searched; among equal
   * ones the last added comes first.
   *
   * @throws {TowerError} `unsupported` for text that is not ASCII, which the format cannot hold;
   * `limit` for a key that is too long.
   */
  add(key: string, text: string, priority: number): void {
    for (const part of [key, text]) {
      if (!/^[\x01-\x7f]*$/.test(part)) {
        throw new TowerError("unsupported", `Cannot index "${part}": it is not plain ASCII`);
      }
    }
    if (key.length > MAX_KEY) {
      throw new TowerError("limit", `Cannot index "${key.slice(0, 60)}...": it is too long`);
    }
    let node = this.#root;
    for (let at = 0;;) {
      const shared = sharedLength(node.prefix, key, at);
      if (shared < node.prefix.length) split(node, shared);
      at += shared;
      if (at === key.length) break;
      const step = key.charCodeAt(at++);
      let child = node.children.get(step);
      if (!child) {
        child = newNode(key.slice(at));
        node.children.set(step, child);
      }
      node = child;
    }
    const place = node.values.findIndex((v) => v.priority >= priority);
    node.values.splice(place < 0 ? node.values.length : place, 0, { text, priority });
  }

  /** The bytes of the file. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new Words();
    out.word(MAGIC);
    out.word(VERSION);
    out.word(0);
    const write = (node: Node): number => {
      const steps = [...node.children.keys()];
      const first = Math.min(...steps), last = Math.max(...steps);
      const offsets: number[] = [];
      // Children stand before their parent; a gap in the range of characters has offset 0.
      for (let step = first; step <= last; step++) {
        const child = node.children.get(step);
        offsets.push(child ? write(child) : 0);
      }
      const at = out.size;
      writeNode(out, node, offsets, first, last);
      return (at | flagsOf(node)) >>> 0;
    };
    out.wordAt(8, write(this.#root));
    if (out.size > 0x0fff_ffff) {
      throw new TowerError("limit", "Cannot write index: it is too large");
    }
    return out.bytes();
  }
}

function writeNode(out: Words, node: Node, offsets: number[], first: number, last: number): void {
  if (node.prefix !== "") out.text(node.prefix);
  if (offsets.length > 0) {
    out.byte(first);
    out.byte(last);
    for (const offset of offsets) out.word(offset);
  }
  if (node.values.length > 0) {
    out.word(node.values.length);
    for (const value of node.values) {
      out.word(value.priority);
      out.text(value.text);
    }
  }
}

function flagsOf(node: Node): number {
  return (node.prefix !== "" ? HAS_PREFIX : 0) | (node.values.length > 0 ? HAS_VALUES : 0) |
    (node.children.size > 0 ? HAS_CHILDREN : 0);
}

/** Makes a node end after `length` characters of its prefix; the rest moves to a new child. */
function split(node: Node, length: number): void {
  const lower: Node = {
    prefix: node.prefix.slice(length + 1),
    values: node.values.splice(0),
    children: new Map(node.children),
  };
  node.children.clear();
  node.children.set(node.prefix.charCodeAt(length), lower);
  node.prefix = node.prefix.slice(0, length);
}

function sharedLength(prefix: string, key: string, at: number): number {
  let n = 0;
  while (n < prefix.length && prefix[n] === key[at + n]) n++;
  return n;
}

function newNode(prefix: string): Node {
  return { prefix, values: [], children: new Map() };
}

/** Bytes that grow: an index has a hundred thousand small parts. */
class Words {
  size = 0;
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.size++] = value;
  }

  /** Big-endian. */
  word(value: number): void {
    this.#room(4);
    this.wordAt(this.size, value);
    this.size += 4;
  }

  wordAt(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** ASCII, ended by a NUL. */
  text(value: string): void {
    this.#room(value.length + 1);
    for (let i = 0; i < value.length; i++) this.#bytes[this.size++] = value.charCodeAt(i);
    this.#bytes[this.size++] = 0;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.size);
  }

  #room(count: number): void {
    if (this.size + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * (this.size + count));
    bytes.set(this.#bytes.subarray(0, this.size));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
