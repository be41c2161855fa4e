import { secondsOfLong, secondsOfShort } from "./date.ts";
import { malformed, unsupported } from "./iso_error.ts";
import { LONGEST_TARGET } from "./limits.ts";
import { FILE_TYPE } from "./rock_ridge.ts";
import type { SuspEntry } from "./susp.ts";

/** What Rock Ridge says of a file; what it leaves out is undefined. */
export interface Attributes {
  name?: string;
  /** With the file type. */
  posix?: {
    readonly type: keyof typeof FILE_TYPE;
    readonly mode: number;
    readonly links: number;
    readonly uid: number;
    readonly gid: number;
    /** 0 where it is not told. */
    readonly serial: number;
  };
  mtime?: number | undefined;
  target?: string;
  device?: { readonly major: number; readonly minor: number };
  /** Sector of the directory that was moved elsewhere from here. */
  movedTo?: number;
  /** Whether this is a directory that was moved here. */
  isMoved?: boolean;
}

/** @throws {TowerError} `malformed`, `unsupported` */
export function attributesOf(entries: Iterable<SuspEntry>): Attributes {
  const found: Attributes = {};
  const name = new NameReader();
  const link = new LinkReader();
  for (const { signature, data } of entries) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    switch (signature) {
      case "PX":
        found.posix = posixOf(view);
        break;
      case "PN":
        found.device = deviceOf(view);
        break;
      case "TF":
        found.mtime ??= modifiedOf(data);
        break;
      case "NM":
        name.add(data);
        break;
      case "SL":
        link.add(data);
        break;
      case "CL":
        found.movedTo = numberAt(view, 0);
        break;
      case "RE":
        found.isMoved = true;
        break;
      case "ZF":
        throw unsupported("a file is compressed by zisofs");
    }
  }
  if (name.isThere) found.name = name.text();
  if (link.isThere) found.target = link.text();
  return found;
}

function numberAt(view: DataView, at: number): number {
  if (at + 4 > view.byteLength) throw malformed("an entry of Rock Ridge is cut off");
  return view.getUint32(at, true);
}

function posixOf(view: DataView): NonNullable<Attributes["posix"]> {
  const [mode, links, uid, gid] = [0, 8, 16, 24].map((at) => numberAt(view, at)) as [
    number,
    number,
    number,
    number,
  ];
  const type = Object.entries(FILE_TYPE).find(([, bits]) => bits === (mode & 0o170000))?.[0];
  if (type === undefined) throw unsupported("a file is of an unknown type");
  const serial = view.byteLength >= 40 ? numberAt(view, 32) : 0;
  return { type: type as keyof typeof FILE_TYPE, mode: mode & 0o7777, links, uid, gid, serial };
}

/** As Linux takes the two numbers: see the writer. */
function deviceOf(view: DataView): NonNullable<Attributes["device"]> {
  const [high, low] = [numberAt(view, 0), numberAt(view, 8)];
  return high === 0 && low > 0xff
    ? { major: low >>> 8, minor: low & 0xff }
    : { major: high, minor: low };
}

/** TF (P1282 §4.1.6): the second of the dates that its flags say are there, short ones or long. */
function modifiedOf(data: Uint8Array): number | undefined {
  const flags = data[0] ?? 0;
  if ((flags & 2) === 0) return undefined;
  const isLong = (flags & 0x80) !== 0;
  const size = isLong ? 17 : 7;
  const at = 1 + (flags & 1) * size;
  const date = data.subarray(at, at + size);
  if (date.length < size) throw malformed("an entry of Rock Ridge is cut off");
  return isLong ? secondsOfLong(date) : secondsOfShort(date);
}

/** Bytes that are put together from several entries. */
class Pieces {
  readonly #bytes: number[] = [];
  readonly #most: number;
  isThere = false;

  constructor(most: number) {
    this.#most = most;
  }

  push(bytes: Iterable<number>): void {
    this.isThere = true;
    this.#bytes.push(...bytes);
    if (this.#bytes.length > this.#most) throw malformed("a name or a link is too long");
  }

  text(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        Uint8Array.from(this.#bytes),
      );
    } catch {
      throw malformed("a name or a link is not UTF-8");
    }
  }
}

const MOST_NAME = 255;

class NameReader extends Pieces {
  constructor() {
    super(MOST_NAME);
  }

  /** NM (§4.1.4); flags 2 and 4 are for a directory itself and its parent. */
  add(data: Uint8Array): void {
    if (((data[0] ?? 0) & 6) === 0) this.push(data.subarray(1));
  }
}

const SLASH = [0x2f];
const COMPONENT = { goesOn: 1, self: 2, parent: 4, root: 8 } as const;

class LinkReader extends Pieces {
  /** Whether a slash comes before the next component. */
  #separated = false;

  constructor() {
    super(LONGEST_TARGET);
  }

  /** SL (§4.1.3). */
  add(data: Uint8Array): void {
    for (let at = 1; at + 2 <= data.length;) {
      const [flags, length] = [data[at]!, data[at + 1]!];
      const name = data.subarray(at + 2, at + 2 + length);
      if (name.length < length) throw malformed("an entry of Rock Ridge is cut off");
      at += 2 + length;
      if (this.#separated) this.push(SLASH);
      this.#separated = (flags & (COMPONENT.goesOn | COMPONENT.root)) === 0;
      switch (flags & ~COMPONENT.goesOn) {
        case 0:
          this.push(name);
          break;
        case COMPONENT.self:
          this.push([0x2e]);
          break;
        case COMPONENT.parent:
          this.push([0x2e, 0x2e]);
          break;
        case COMPONENT.root:
          this.push(SLASH);
          break;
        default:
          throw unsupported("a link begins at a place that no path names");
      }
    }
  }
}
