import type { Content, Entry } from "./entry.ts";
import { FileTree } from "./file_tree.ts";

/** Bytes and maps as JSON has them. */
type Written<E> = E extends Entry ? Omit<E, "content" | "xattrs"> & {
    readonly content?: Exclude<Content, { kind: "inline" }> | { readonly base64: string };
    readonly xattrs?: readonly (readonly [name: string, base64: string])[];
  }
  : never;

/**
 * A tree as text, an entry a line, for a program that later makes the same tree of it. Contents that
 * lie in the store are named, not written.
 */
export function* formatTree(tree: FileTree): Generator<string> {
  for (const { xattrs, ...entry } of tree.walk()) {
    const line = {
      ...entry,
      ...("content" in entry ? { content: writtenContent(entry.content) } : {}),
      ...(xattrs ? { xattrs: [...xattrs].map(([name, value]) => [name, value.toBase64()]) } : {}),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

function writtenContent(content: Content) {
  if (content.kind === "inline") return { base64: content.bytes.toBase64() };
  // Not the value itself: those of packages compute their fields when they are asked.
  const { kind, blob, offset, size, sha256 } = content;
  return { kind, blob, offset, size, sha256 };
}

/**
 * The tree that a text was made of. What `formatTree` did not write may give any error, or another
 * tree: whoever keeps the text has to know that it is the same.
 *
 * @param lines without their ends
 */
export function parseTree(lines: Iterable<string>): FileTree {
  let tree: FileTree | undefined;
  const known = new Map<string, string>();
  // A package has thousands of files: its name, and its blob's, are one text for all of them.
  const once: Once = (text) => {
    const same = known.get(text) as typeof text | undefined;
    if (same === undefined) known.set(text, text);
    return same ?? text;
  };
  for (const line of lines) {
    const entry = entryOf(JSON.parse(line), once);
    if (tree) tree.put(entry);
    else tree = new FileTree(entry);
  }
  if (!tree) throw new RangeError("Cannot read a tree: there is no root");
  return tree;
}

/** A text that is equal to one before it becomes that one. */
type Once = <Text extends string>(text: Text) => Text;

function entryOf({ content, xattrs, ...written }: Written<Entry>, once: Once): Entry {
  return {
    ...written,
    origin: once(written.origin),
    ...(content ? { content: contentOf(content, once) } : {}),
    ...(xattrs
      ? { xattrs: new Map(xattrs.map(([name, value]) => [name, Uint8Array.fromBase64(value)])) }
      : {}),
  } as Entry;
}

function contentOf(content: NonNullable<Written<Entry>["content"]>, once: Once): Content {
  return "base64" in content
    ? { kind: "inline", bytes: Uint8Array.fromBase64(content.base64) }
    : { ...content, blob: once(content.blob) };
}
