import { malformedSvg, type SvgTag, svgTags } from "./svg_tokens.ts";

const words = (text: string) => new Set(text.split(/\s+/));

/** What draws by itself: shapes, their groups, colours and cuts. */
const TAKEN = words(
  "svg g defs path rect circle ellipse line polyline polygon linearGradient radialGradient stop " +
    "clipPath mask",
);
/** What nothing is drawn of, with all that is in it. Also all that has a prefix, as editors leave it. */
const PASSED_OVER = words("metadata title desc");
// All else is refused, as the picture would be another one without it: what may reach for other files
// (`image`, `style`), run (`script`, `animate`), multiply itself (`use`, `pattern`), cost much (`filter`).

const GEOMETRY = words(
  "x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform viewBox preserveAspectRatio offset " +
    "gradientTransform gradientUnits spreadMethod clipPathUnits maskUnits maskContentUnits",
);
const PRESENTATION = words(
  "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin " +
    "stroke-miterlimit opacity stop-color stop-opacity clip-path clip-rule mask color display " +
    "visibility overflow",
);
const REFERRING = words("linearGradient radialGradient");
const MOST_DEPTH = 32;
const MOST_UNITS = 10_000;
const SIDE = /^\d{1,4}(\.\d{1,8})?(px)?$/;
/** Where a cut within a cut would be drawn over and over again. */
const CUTS = ["mask", "clipPath"], CUTTING = ["mask", "clip-path"];
/** What may stand in a value beside numbers, words and colours; an address is a part of the picture. */
const CALLS =
  /\b(?:(?:matrix|translate|scale|rotate|skew[XY]|rgba?|hsl)\([-0-9eE.,+%\s]*\)|url\(#[\w.-]+\))/g;

/**
 * Reads an SVG and writes anew what of it draws, tag by tag.
 * @throws {TowerError} `malformed`, also where it would be another picture without what is not taken
 */
export function svgIcon(bytes: Uint8Array): Uint8Array {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformedSvg("it is no UTF-8 text");
  }
  const open: string[] = [];
  const lines: string[] = [];
  let passedFrom: number | undefined;
  for (const tag of svgTags(text)) {
    const { name, kind } = tag;
    if (kind === "close") {
      if (open.pop() !== name) throw malformedSvg("its tags are not nested");
      if (passedFrom === undefined) lines.push(`</${name}>`);
      if (passedFrom === open.length) passedFrom = undefined;
      continue;
    }
    if (open.length === 0 ? lines.length > 0 || name !== "svg" : name === "svg") {
      throw malformedSvg("it is not one picture");
    }
    if (passedFrom === undefined) {
      const isCut = CUTS.includes(name) || open.some((outer) => CUTS.includes(outer));
      if (TAKEN.has(name)) lines.push(tagText(tag, isCut));
      else if (!PASSED_OVER.has(name) && !name.includes(":")) {
        throw malformedSvg(`what "${name}" does is not taken`);
      } else if (kind === "open") passedFrom = open.length;
    }
    if (kind === "open") open.push(name);
    if (open.length > MOST_DEPTH) throw malformedSvg("it is too deep");
  }
  if (open.length > 0 || lines.length === 0) throw malformedSvg("it is cut short");
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

function tagText({ name, attributes, kind }: SvgTag, isCut: boolean): string {
  const kept = new Map<string, string>();
  if (name === "svg") kept.set("xmlns", "http://www.w3.org/2000/svg");
  for (const [key, value] of attributes) {
    if (/^on/i.test(key)) throw malformedSvg(`"${key}" would run a script`);
    for (const [known, text] of knownOf(name, key, value)) {
      if (isCut && CUTTING.includes(known)) throw malformedSvg("it cuts what cuts");
      kept.set(known, text);
    }
  }
  if (
    name === "svg" && !hasBounds(kept.get("viewBox")) && !(kept.has("width") && kept.has("height"))
  ) {
    throw malformedSvg("it tells no size");
  }
  if (kept.has("xlink:href")) kept.set("xmlns:xlink", "http://www.w3.org/1999/xlink");
  const text = [...kept].map(([key, value]) => ` ${key}="${value}"`).join("");
  return `<${name}${text}${kind === "empty" ? "/>" : ">"}`;
}

function hasBounds(viewBox = ""): boolean {
  const numbers = viewBox.trim().split(/[\s,]+/).map(Number);
  return numbers.length === 4 && numbers.every((n) => Math.abs(n) <= MOST_UNITS) &&
    numbers[2]! > 0 && numbers[3]! > 0;
}

/** What is kept of an attribute: a style as the properties that it sets. */
function* knownOf(
  tag: string,
  key: string,
  value: string,
): Generator<readonly [string, string]> {
  if (key === "id") {
    if (/^[A-Za-z0-9_.-]{1,200}$/.test(value)) yield [key, value];
  } else if (key === "width" || key === "height") {
    if (tag !== "svg" || SIDE.test(value)) yield [key, safe(value)];
  } else if (key === "href" || key === "xlink:href") {
    // A colour may go on from another one's; nothing else refers to anything but by url(#…).
    if (!REFERRING.has(tag) || !/^#[A-Za-z0-9_.-]+$/.test(value)) {
      throw malformedSvg("it refers to something else");
    }
    yield ["xlink:href", value];
  } else if (key === "style") {
    for (const [property, set] of declarations(value)) {
      if (PRESENTATION.has(property)) yield [property, safe(set)];
    }
  } else if (GEOMETRY.has(key) || PRESENTATION.has(key)) yield [key, safe(value)];
}

function declarations(style: string): [string, string][] {
  return style.split(";").flatMap((text): [string, string][] => {
    const at = text.indexOf(":");
    return at < 0 ? [] : [[text.slice(0, at).trim(), text.slice(at + 1).trim()]];
  });
}

function safe(value: string): string {
  if (!/^[-\w#.,+%\s:]*$/.test(value.replace(CALLS, ""))) {
    throw malformedSvg(`it has the value "${value.slice(0, 40)}"`);
  }
  return value.replaceAll(/\s+/g, " ");
}
