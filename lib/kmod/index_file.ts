import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";

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
    const parts: Uint8Array[] = [words(MAGIC, VERSION, 0)];
    let size = 12;
    const write = (node: Node): number => {
      const first = Math.min(...node.children.keys()), last = Math.max(...node.children.keys());
      const offsets: number[] = [];
      // Children stand before their parent; a gap in the range of characters has offset 0.
      for (let step = first; step <= last; step++) {
        const child = node.children.get(step);
        offsets.push(child ? write(child) : 0);
      }
      const at = size;
      const bytes = concat(nodeParts(node, offsets, first, last));
      parts.push(bytes);
      size += bytes.length;
      return (at | flagsOf(node)) >>> 0;
    };
    parts[0] = words(MAGIC, VERSION, write(this.#root));
    if (size > 0x0fff_ffff) throw new TowerError("limit", "Cannot write index: it is too large");
    return concat(parts);
  }
}

function nodeParts(node: Node, offsets: number[], first: number, last: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (node.prefix !== "") parts.push(text(node.prefix));
  if (offsets.length > 0) parts.push(Uint8Array.of(first, last), words(...offsets));
  if (node.values.length > 0) {
    parts.push(words(node.values.length));
    for (const value of node.values) parts.push(words(value.priority), text(value.text));
  }
  return parts;
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

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const data = new DataView(bytes.buffer);
  values.forEach((value, i) => data.setUint32(i * 4, value));
  return bytes;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}
