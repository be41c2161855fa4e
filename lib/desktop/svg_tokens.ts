import { TowerError } from "../errors.ts";

/** A tag of an XML document. */
export interface SvgTag {
  readonly name: string;
  /** As they are meant, in their order. */
  readonly attributes: readonly (readonly [string, string])[];
  readonly kind: "open" | "close" | "empty";
}

const NAME = "[A-Za-z_][A-Za-z0-9_.:-]{0,63}";
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const TAG = new RegExp(`<(/?)(${NAME})`, "y");
const MOST_TAGS = 10_000;
const MOST_ATTRIBUTES = 64;
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * The tags of a document in a small part of XML 1.0: no document type, hence no entities but the five,
 * no instructions and no sections of text; other texts are passed over, as a picture needs none.
 * @throws {TowerError} `malformed`
 */
export function* svgTags(text: string): Generator<SvgTag> {
  let at = /^\ufeff?(<\?xml\s[^<>?]{0,200}\?>)?/.exec(text)![0].length;
  for (let count = 0; at < text.length; count++) {
    const open = text.indexOf("<", at);
    if (open < 0) return;
    if (text.startsWith("<!--", open)) {
      at = text.indexOf("-->", open + 4) + 3;
      if (at < 3) throw malformedSvg("a comment does not end");
      continue;
    }
    TAG.lastIndex = open;
    const tag = TAG.exec(text);
    if (tag === null) throw malformedSvg(`"${text.slice(open, open + 20)}" is none of its tags`);
    if (count === MOST_TAGS) throw malformedSvg(`it has more than ${MOST_TAGS} tags`);
    const attributes: (readonly [string, string])[] = [];
    at = TAG.lastIndex;
    for (;;) {
      ATTRIBUTE.lastIndex = at;
      const found = ATTRIBUTE.exec(text);
      if (found === null) break;
      attributes.push([found[1]!, meaningOf(found[2] ?? found[3]!)]);
      if (attributes.length > MOST_ATTRIBUTES) throw malformedSvg("a tag has too many attributes");
      at = ATTRIBUTE.lastIndex;
    }
    while (/\s/.test(text[at] ?? "")) at++;
    const isEmpty = text[at] === "/";
    if (isEmpty) at++;
    if (text[at++] !== ">") throw malformedSvg("a tag does not end");
    const isClose = tag[1] === "/";
    if (isClose && (isEmpty || attributes.length > 0)) throw malformedSvg("a tag ends twice");
    yield { name: tag[2]!, attributes, kind: isClose ? "close" : isEmpty ? "empty" : "open" };
  }
}

function meaningOf(value: string): string {
  return value.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));|&/g,
    (all, ...groups) => {
      const [decimal, hex, name] = groups as (string | undefined)[];
      const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
      const meant = code === undefined ? NAMED[name ?? ""] : charOf(code);
      if (meant === undefined) throw malformedSvg(`"${all}" is none of its entities`);
      return meant;
    },
  );
}

function charOf(code: number): string | undefined {
  return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** What is said of a picture that is not taken. */
export function malformedSvg(cause: string): TowerError {
  return new TowerError("malformed", `Cannot take icon: ${cause}`);
}
