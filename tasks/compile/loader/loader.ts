/**
 * The first JavaScript of a one-file program. The program's own code lies in pieces behind it (see
 * parts.ts), and a command line loads only those that it needs. They are functions and no modules,
 * as Deno would parse a module once more by itself, which takes longer than all else of a start.
 */
import { FOOTER_SIZE, readFooter } from "./footer.ts";
import { EventEmitter } from "./event_emitter.ts";

interface Piece {
  exports: unknown;
}

const IS_DENO = import.meta.url.startsWith("file:///proc/");
const file = Deno.openSync(IS_DENO ? "/proc/self/exe" : new URL("./parts", import.meta.url));
const text = new TextDecoder();
const end = file.seekSync(0, Deno.SeekMode.End);
const { start, indexAt } = readFooter(bytesAt(end - FOOTER_SIZE, FOOTER_SIZE), end);
/** Offset and length of each part, from the start of the first. */
const index: Record<string, [number, number]> = JSON.parse(
  text.decode(bytesAt(indexAt, end - FOOTER_SIZE - indexAt)),
);
const pieces = new Map<string, Piece>([["node:events", { exports: { EventEmitter } }]]);

function bytesAt(at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const n = file.readSync(bytes.subarray(done));
    if (n === null) throw new Error("Cannot start: the program's file is cut off");
    done += n;
  }
  return bytes;
}

function part(name: string): Uint8Array {
  const [at, length] = index[name]!;
  return bytesAt(start + at, length);
}

/** What a piece calls `require`. */
function load(name: string): unknown {
  const known = pieces.get(name);
  if (known) return known.exports;
  const piece: Piece = { exports: {} };
  pieces.set(name, piece);
  if (!name.startsWith("part:")) return piece.exports = lazyModule(name);
  pieceOf(name.slice(5))(load, loadLater, workerUrl, piece, piece.exports);
  return piece.exports;
}

/** What a piece calls where its source has `import()`. */
const loadLater = (name: string) => Promise.resolve(name).then(load);

type Run = (...given: unknown[]) => void;
/** Pieces that were read, with those that lie in one part with them. */
const read = new Map<string, Run>();

function pieceOf(name: string): Run {
  if (!read.has(name)) {
    const pieces: Record<string, Run> = new Function(text.decode(part(name)))();
    for (const [name, run] of Object.entries(pieces)) read.set(name, run);
  }
  return read.get(name)!;
}

/**
 * A module of Node's that Deno loads when something of it is asked for: the first one costs as much
 * as the whole start of Deno. Namespaces that esbuild makes of it inherit what they do not have.
 */
function lazyModule(name: string): unknown {
  let real: Record<PropertyKey, unknown> | undefined;
  const module: object = new Proxy({}, {
    get: (_, key) => (real ??= nodeModule(name))[key],
    getPrototypeOf: () => module,
  });
  return module;
}

function nodeModule(name: string): Record<PropertyKey, unknown> {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): Record<PropertyKey, unknown> | undefined };
  };
  const found = process.getBuiltinModule(name);
  if (!found) throw new Error(`Cannot load "${name}": Deno has no such module`);
  return found;
}

/** Where a worker's module lies: in its own URL, which every runtime takes. */
function workerUrl(name: string): string {
  return `data:text/javascript,${encodeURIComponent(text.decode(part(name)))}`;
}

// Deno tells of a program that waits for what never comes, and does not just end.
await (load("part:main.js") as { readonly ended: Promise<unknown> }).ended;
