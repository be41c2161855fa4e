import { compareBytes } from "./bytes/bytes.ts";

/** Deeper values are taken for a cycle. */
const MAX_DEPTH = 200;

/**
 * JSON with one spelling per value, so that its hash names the value: names in the order of their
 * UTF-8 bytes, absent members left out, numbers as ECMAScript writes them, no white space.
 * With `indent`, the same order spread over lines, for files that people read and compare.
 *
 * @throws {TypeError} for what JSON cannot spell: a function, a bigint, NaN, an infinity, a cycle,
 * undefined in an array, an object of a class.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return spell(value, indent, "$", 0);
}

// Not JSON.stringify over a sorted copy: an object yields names such as "10" before all others.
function spell(value: unknown, indent: number, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`Cannot write "${path}" as JSON: it is too deep`);
  if (value === null || typeof value === "string" || typeof value === "boolean") {
    return JSON.stringify(value);
  }
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map((item, i) => spell(item, indent, `${path}[${i}]`, depth + 1));
    return enclose("[", items, "]", indent, depth);
  }
  if (typeof value === "object" && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([name, member]) => {
        const text = spell(member, indent, `${path}.${name}`, depth + 1);
        return `${JSON.stringify(name)}:${indent > 0 ? " " : ""}${text}`;
      });
    return enclose("{", members, "}", indent, depth);
  }
  throw new TypeError(`Cannot write "${path}" as JSON: it is ${describe(value)}`);
}

function enclose(
  open: string,
  items: readonly string[],
  close: string,
  indent: number,
  depth: number,
): string {
  if (indent === 0 || items.length === 0) return open + items.join(",") + close;
  const line = (level: number) => `\n${" ".repeat(indent * level)}`;
  return open + line(depth + 1) + items.join(`,${line(depth + 1)}`) + line(depth) + close;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name}`;
  return typeof value === "number" ? String(value) : `of type ${typeof value}`;
}
