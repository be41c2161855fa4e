import { type Dialog, press } from "../lib/dialog/dialog.ts";
import { draw } from "../lib/dialog/draw.ts";
import { CLEAR, type Frame, repaint, reprint } from "../lib/dialog/frame.ts";
import { type Key, KeyReader } from "../lib/dialog/key.ts";
import type { Pages, Values } from "../lib/dialog/page.ts";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import type { Typed } from "../lib/proc/keys.ts";
import { isDrawable } from "../lib/program/drawable.ts";

/** Milliseconds in which the rest of a key's sequence comes, over a slow line too. */
const REST = 200;

/** Whoever asks: the pages as they are now, and what is done after each key. */
export interface Asker {
  pages(): Pages;
  /** The dialog as it goes on; its word `done` ends it. */
  follow(before: Dialog, after: Dialog): Promise<Dialog>;
}

/**
 * Has a dialog on the terminal, until it is done. The terminal is then as it was, whatever ended it.
 * @throws {TowerError} `usage` where the terminal hung up; the signal's reason
 */
export async function runDialog(begin: Dialog, asker: Asker, env: Env): Promise<Values> {
  using keys = env.keys();
  const isScreen = isDrawable(env);
  using owned = new DisposableStack();
  owned.defer(() => env.stderr.write(isScreen ? CLEAR : "\r\n"));
  const reader = new KeyReader();
  let dialog = begin;
  let shown: Frame | undefined;
  for (;;) {
    const { columns, rows } = env;
    const frame = draw(dialog, asker.pages(), { columns, rows });
    env.stderr.write((isScreen ? repaint : reprint)(shown, frame));
    shown = frame;
    const typed = await keys.next(reader.isWaiting ? REST : undefined);
    if (typed.kind === "resized") shown = undefined;
    for (const key of keysOf(typed, reader)) {
      dialog = await asker.follow(dialog, press(dialog, key, asker.pages()));
      if (dialog.word === "done") return dialog.values;
      if (dialog.word === "redraw") shown = undefined;
    }
  }
}

function keysOf(typed: Typed, reader: KeyReader): Key[] {
  switch (typed.kind) {
    case "bytes":
      return reader.feed(typed.bytes);
    case "quiet":
      return reader.quiet();
    case "resized":
      return [];
    case "ended":
      throw new TowerError("usage", "Cannot ask: there is no answer, the terminal hung up");
  }
}
