import { type Dialog, fitting, pageOf } from "./dialog.ts";
import type { Frame, Line, Size } from "./frame.ts";
import type { ListPage, Pages, TextPage, Values } from "./page.ts";
import { plainText, wrapText } from "./plain_text.ts";

/** Wider is harder to read. */
const WIDEST = 80;
/** Narrower or lower, and there is no room for an answer beside its question. */
const LEAST: Size = { columns: 40, rows: 12 };
/** Lower screens have no lines between parts. */
const AIRY = 18;
/** So many options are seen at a glance: a longer list says how it is searched. */
const GLANCE = 8;

/** The middle of a screen: what is answered, and where in it the cursor stands. */
interface Middle {
  readonly lines: readonly string[];
  /** Lines that stand out. */
  readonly bold: number | undefined;
  readonly row: number;
  readonly column: number;
}

/** A dialog as a screen of that size shows it: at most so many lines, each shorter than a line. */
export function draw(dialog: Dialog, pages: Pages, size: Size): Frame {
  if (size.columns < LEAST.columns || size.rows < LEAST.rows) return tooSmall(size);
  const page = pageOf(dialog, pages);
  // In the last column some terminals go on to the next line.
  const width = Math.min(size.columns, WIDEST) - 1;
  const all = pages(dialog.values);
  const step = `${all.findIndex(({ id }) => id === page.id) + 1} of ${all.length} `;
  const title = ` ${plainText(page.title)}`.slice(0, width - step.length - 1);
  const gap = size.rows < AIRY ? [] : [""];
  const says = page.says.flatMap((text) => wrapText(plainText(text), width - 2));
  const told = tellings(dialog, page).flatMap((text) => wrapText(plainText(text), width - 2));
  const foot = footer(page.kind, width);
  // The answer has room for three lines, whatever is told.
  const spare = size.rows - 2 - 3 * gap.length - 3;
  const shownTold = told.slice(0, Math.max(1, Math.floor(spare / 2)));
  const shownSays = says.slice(0, spare - shownTold.length);
  const top = [...gap, ...shownSays.map((text) => ` ${text}`), ...gap];
  const bottom = [...gap, ...shownTold.map((text) => ` ${text}`)];
  const room = size.rows - 2 - top.length - bottom.length;
  const middle = page.kind === "list"
    ? listMiddle(dialog, page, width, room)
    : textMiddle(dialog, page, width, room);
  const padding = Array.from({ length: room - middle.lines.length }, () => "");
  const plain = (text: string): Line => ({ text, isBold: false });
  const lines: Line[] = [
    { text: title + " ".repeat(width - title.length - step.length) + step, isBold: true },
    ...top.map(plain),
    ...middle.lines.map((text, i) => ({ text, isBold: i === middle.bold })),
    ...padding.map(plain),
    ...bottom.map(plain),
    { text: foot.padEnd(width), isBold: true },
  ];
  return {
    lines,
    cursor: { row: 1 + top.length + middle.row, column: Math.min(middle.column, width) },
  };
}

function tooSmall({ columns, rows }: Size): Frame {
  const text = `This window is too small: ${LEAST.columns} columns and ${LEAST.rows} lines are ` +
    "the least. Ctrl-C ends.";
  const width = Math.max(1, columns - 1);
  const lines = wrapText(text, width).slice(0, Math.max(1, rows))
    .map((text) => ({ text, isBold: false }));
  return { lines, cursor: { row: 0, column: 0 } };
}

/** What is told below: a fault, or what there is to say of the marked option. */
function tellings(dialog: Dialog, page: ListPage | TextPage): readonly string[] {
  if (page.kind === "text") return [];
  const detail = fitting(dialog, page)[dialog.at]?.detail;
  return [dialog.fault, detail].filter((text) => text !== undefined);
}

function footer(kind: "list" | "text", width: number): string {
  const [long, short] = kind === "list"
    ? ["Up, Down: choose  Letters: find  Enter: take it  Esc: back  Ctrl-C: end", "Up Down Enter"]
    : ["Enter: go on  Tab, Up, Down: other field  Esc: back  Ctrl-C: end", "Enter Tab"];
  const text = ` ${long}`;
  return text.length <= width ? text : ` ${short}  Esc: back  Ctrl-C: end`.slice(0, width);
}

function listMiddle(dialog: Dialog, page: ListPage, width: number, room: number): Middle {
  const options = fitting(dialog, page);
  const { at, search } = dialog;
  const isLong = page.options.length > GLANCE || search !== "";
  const count = `${options.length} of ${page.options.length}`;
  const find = ` Find: ${search.slice(-(width - 10 - count.length))}`;
  const head = isLong ? [`${find}${count.padStart(width - find.length)}`] : [];
  const shown = room - head.length;
  // As much before the marked one as behind it.
  const first = Math.max(0, Math.min(at - Math.floor(shown / 2), options.length - shown));
  const column = Math.min(
    Math.floor(width / 2),
    Math.max(0, ...page.options.map(({ label }) => label.length)) + 2,
  );
  const lines = options.slice(first, first + shown).map(({ label, note }, i) => {
    const mark = first + i === at ? " > " : "   ";
    const both = note === undefined ? label : `${label.padEnd(column - 1)} ${note}`;
    return cut(`${mark}${plainText(both)}`.trimEnd(), width);
  });
  const row = head.length + at - first;
  return {
    lines: [...head, ...lines],
    bold: options.length === 0 ? undefined : row,
    ...isLong ? { row: 0, column: find.length } : { row, column: 1 },
  };
}

function textMiddle(dialog: Dialog, page: TextPage, width: number, room: number): Middle {
  const { values, at, fault } = dialog;
  const label = Math.min(
    Math.floor(width / 2),
    Math.max(...page.fields.map((field) => field.label.length)) + 2,
  );
  const lines: string[] = [];
  let [row, column] = [0, 0];
  for (const [i, field] of page.fields.entries()) {
    const value = values[field.name] ?? "";
    const shown = field.isSecret ? "*".repeat(value.length) : plainText(value);
    const start = ` ${i === at ? ">" : " "} ${
      cut(`${plainText(field.label)}:`, label).padEnd(label)
    }`;
    // The end of what is long: there it goes on.
    const line = `${start}${shown.slice(-(width - start.length - 1))}`;
    if (i === at) [row, column] = [lines.length, line.length];
    lines.push(line);
    const notes = i === at && fault !== undefined ? fault : remarkOf(field, values);
    lines.push(...wrapText(plainText(notes), width - 5).map((text) => `     ${text}`));
  }
  const first = Math.max(0, Math.min(row, lines.length - room));
  return { lines: lines.slice(first, first + room), bold: undefined, row: row - first, column };
}

function remarkOf({ name, remark }: TextPage["fields"][number], values: Values): string {
  return remark?.(values[name] ?? "", values) ?? "";
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}~`;
}
