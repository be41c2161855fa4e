import { findOptions } from "./find_options.ts";
import type { Key } from "./key.ts";
import {
  isSet,
  type ListPage,
  type Option,
  type Page,
  type Pages,
  type TextPage,
  type Values,
} from "./page.ts";

/** Longest text that is typed, in characters. */
const LIMIT = 600;
/** How far a page of a list is turned. */
const TURN = 10;

/** A dialog at one moment. */
export interface Dialog {
  readonly values: Values;
  /** The page that shows, by its id. */
  readonly page: string;
  /** The marked option of those that fit, or the field that is typed into; from 0. */
  readonly at: number;
  /** What was typed to find an option. */
  readonly search: string;
  /** What is wrong with the field, or with the page. */
  readonly fault: string | undefined;
  /** Pages that are answered: Enter goes to the first behind it that is not. */
  readonly answered: readonly string[];
  /** What whoever runs the dialog is to do now. */
  readonly word: string | undefined;
}

/**
 * A dialog at the first page that is not answered yet.
 * @param answered Those for whose fields `values` has answers.
 */
export function beginDialog(
  pages: Pages,
  values: Values = {},
  answered: readonly string[] = [],
): Dialog {
  const all = pages(values);
  const first = all.find(({ id }) => !answered.includes(id)) ?? all.at(-1)!;
  return opened(
    { values, page: first.id, at: 0, search: "", fault: undefined, answered, word: undefined },
    first,
  );
}

/** The page that shows; the first one where what it asked for has gone. */
export function pageOf({ page, values }: Dialog, pages: Pages): Page {
  const all = pages(values);
  return all.find(({ id }) => id === page) ?? all[0];
}

/** The dialog after a key. */
export function press(dialog: Dialog, key: Key, pages: Pages): Dialog {
  const page = pageOf(dialog, pages);
  const before = { ...dialog, page: page.id, fault: undefined, word: undefined };
  if (key.kind === "redraw") return { ...dialog, word: "redraw" };
  if (key.kind === "escape") {
    return dialog.search === "" ? back(before, page, pages) : { ...before, search: "", at: 0 };
  }
  return page.kind === "list"
    ? pressList(before, key, page, pages)
    : pressText(before, key, page, pages);
}

/** The options of a page that fit what was typed. */
export function fitting({ search }: Dialog, { options }: ListPage): readonly Option[] {
  return findOptions(options, search);
}

function pressList(dialog: Dialog, key: Key, page: ListPage, pages: Pages): Dialog {
  const options = fitting(dialog, page);
  const move = (at: number): Dialog => ({
    ...dialog,
    at: Math.max(0, Math.min(options.length - 1, at)),
  });
  const find = (search: string): Dialog => ({ ...dialog, search: search.slice(0, 60), at: 0 });
  const { at, search } = dialog;
  switch (key.kind) {
    case "text":
      return key.text === " " && search === "" ? dialog : find(search + key.text);
    case "erase":
      return find(search.slice(0, -1));
    case "clear":
      return find("");
    case "up":
    case "back-tab":
      return move(at - 1);
    case "down":
    case "tab":
      return move(at + 1);
    case "page-up":
      return move(at - TURN);
    case "page-down":
      return move(at + TURN);
    case "home":
      return move(0);
    case "end":
      return move(options.length - 1);
    case "enter": {
      const option = options[at];
      return option === undefined
        ? { ...dialog, fault: "Nothing in the list has that: Backspace takes letters away." }
        : chosen(dialog, option, page, pages);
    }
    default:
      return dialog;
  }
}

function chosen(dialog: Dialog, { then }: Option, page: ListPage, pages: Pages): Dialog {
  switch (then.kind) {
    case "set":
      return next({ ...dialog, values: { ...dialog.values, ...then.values } }, page, pages);
    case "go": {
      const target = pages(dialog.values).find(({ id }) => id === then.page);
      return target === undefined ? dialog : opened(dialog, target);
    }
    case "do":
      return { ...dialog, word: then.word };
  }
}

function pressText(dialog: Dialog, key: Key, page: TextPage, pages: Pages): Dialog {
  const { fields } = page;
  const at = Math.min(dialog.at, fields.length - 1);
  const field = fields[at]!;
  const value = dialog.values[field.name] ?? "";
  const type = (text: string): Dialog => ({
    ...dialog,
    values: { ...dialog.values, [field.name]: text },
    // Whoever leaves it half typed comes by again.
    answered: dialog.answered.filter((id) => id !== page.id),
  });
  const focus = (to: number): Dialog => ({ ...dialog, at: (to + fields.length) % fields.length });
  switch (key.kind) {
    case "text":
      return value.length < LIMIT ? type(value + key.text) : dialog;
    case "erase":
      return type(value.slice(0, -1));
    case "clear":
      return type("");
    case "foreign":
      return { ...dialog, fault: "Only letters without accents, digits and signs: plain ASCII." };
    case "down":
    case "tab":
      return focus(at + 1);
    case "up":
    case "back-tab":
      return focus(at - 1);
    case "enter":
      return entered(dialog, at, page, pages);
    default:
      return dialog;
  }
}

/** The field's fault is told there; after the last one, the first that has any. */
function entered(dialog: Dialog, at: number, page: TextPage, pages: Pages): Dialog {
  const { fields } = page;
  const faultAt = (i: number) => {
    const { name, fault } = fields[i]!;
    return fault(dialog.values[name] ?? "", dialog.values);
  };
  const isLast = at === fields.length - 1;
  const wrong = isLast
    ? fields.findIndex((_, i) => faultAt(i) !== undefined)
    : faultAt(at) === undefined
    ? -1
    : at;
  if (wrong >= 0) return { ...dialog, at: wrong, fault: `It ${faultAt(wrong)}.` };
  return isLast ? next(dialog, page, pages) : { ...dialog, at: at + 1 };
}

function next(dialog: Dialog, page: Page, pages: Pages): Dialog {
  const answered = [...dialog.answered.filter((id) => id !== page.id), page.id];
  const all = pages(dialog.values);
  const place = all.findIndex(({ id }) => id === page.id);
  const target = all.find(({ id }, i) => i > place && !answered.includes(id)) ?? all.at(-1)!;
  return opened({ ...dialog, answered }, target);
}

function back(dialog: Dialog, page: Page, pages: Pages): Dialog {
  const all = pages(dialog.values);
  const place = all.findIndex(({ id }) => id === page.id);
  return place > 0 ? opened(dialog, all[place - 1]!) : dialog;
}

/** A page as it shows first: what was answered is marked. */
function opened(dialog: Dialog, page: Page): Dialog {
  const marked = page.kind === "list"
    ? page.options.findIndex((option) => isSet(option, dialog.values))
    : 0;
  return { ...dialog, page: page.id, at: Math.max(0, marked), search: "", fault: undefined };
}
