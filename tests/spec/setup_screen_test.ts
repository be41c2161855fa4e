import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { beginDialog, type Dialog, press } from "../../lib/dialog/dialog.ts";
import { draw } from "../../lib/dialog/draw.ts";
import { type Frame, repaint, reprint, type Size } from "../../lib/dialog/frame.ts";
import { KeyReader } from "../../lib/dialog/key.ts";
import { FIRST_VALUES, type SetupFacts, setupPages } from "../../lib/setup/questions.ts";
import { assertGolden } from "../support/program/golden.ts";
import { randomNumbers } from "../support/program/random_numbers.ts";
import { madeUpDisks } from "../support/setup/made_up_disks.ts";
import { ShownScreen } from "../support/setup/shown_screen.ts";

const KEYBOARDS = ["br", "de", "de-neo", "fr", "gb", "latam", "tr", "us", "us-dvorak", "us-intl"];
const FACTS: SetupFacts = {
  keyboards: KEYBOARDS.map((variant) => ({ layout: variant.split("-")[0]!, variant })),
  zones: ["America/New_York", "Europe/Berlin", "Europe/Paris", "UTC"],
  passwd:
    "root:x:0:0::/root:/bin/sh\ndaemon:x:2:2::/:/bin/false\ntower:x:1000:1000::/home/tower:/bin/sh\n",
  disks: madeUpDisks(2),
  ...{ hasHash: false, isDryRun: false },
};
const PAGES = setupPages(FACTS);
const encode = (text: string) => new TextEncoder().encode(text);

/** The dialog after each of some texts that are typed. */
function* typing(texts: readonly string[], pages = PAGES): Generator<[string, Dialog]> {
  const reader = new KeyReader();
  let dialog = beginDialog(pages, FIRST_VALUES);
  for (const text of texts) {
    const keys = [...reader.feed(encode(text)), ...reader.quiet()];
    for (const key of keys) dialog = press(dialog, key, pages);
    yield [text, dialog];
  }
}

function shown({ lines }: Frame): string {
  return lines.map(({ text, isBold }) => `${isBold ? "#" : "|"}${text.trimEnd()}\n`).join("");
}

/** Every question, with a wrong answer to each that can have one. */
const WALK = [
  "",
  "nonsense\r",
  "\x1bde neo",
  "\r",
  "german",
  "\r",
  "berlin\r",
  "\x15root\r",
  "\x15daemon\r",
  "\x15ada\r",
  "\x15-\r",
  "\x15desk\r",
  "hunter2\u00fc",
  "\rhunter3\r",
  "\x152\x15hunter2\r",
  "\x1b[B\x1b[B",
  "\r",
  "\r",
  "short\rshort\r",
  "\x1b[A\x15correct horse 7\r\x15correct horse 7\r",
  "time\r",
  "\r",
  "\r",
  "\r",
  "\r",
  "\x1b[B\r",
];

for (const size of [{ columns: 80, rows: 24 }, { columns: 40, rows: 12 }]) {
  const name = `${size.columns}x${size.rows}`;
  Deno.test(`the screens of tower setup at ${name} are those of the golden file`, () => {
    const text = [...typing(WALK)].map(([typed, dialog]) =>
      `=== after ${JSON.stringify(typed)}\n${shown(draw(dialog, PAGES, size))}`
    ).join("");
    assertGolden(`setup_screens_${name}.txt`, text);
  });
}

Deno.test("the walk ends with all answers, agreed to", () => {
  const [, last] = [...typing(WALK)].at(-1)!;
  assertEquals(last.word, "done");
  assertEquals(last.values, {
    ...{ "keyboard-layout": "de", "keyboard-variant": "de-neo", lang: "de_DE.UTF-8" },
    ...{ timezone: "Europe/Berlin", username: "ada", hostname: "desk" },
    ...{ password: "hunter2", "password-again": "hunter2", disk: "/dev/nvme0n1" },
    ...{ encryption: "yes", passphrase: "correct horse 7", "passphrase-again": "correct horse 7" },
  });
});

Deno.test("an answer that is left half typed is asked for again before anything can be agreed to", () => {
  const back = [...WALK.slice(0, 20), "user\r", "\x15root", "\x1b", "\r"];
  const [, last] = [...typing(back)].at(-1)!;
  assertEquals([last.page, last.values["username"]], ["user", "root"]);
});

Deno.test("a disk that has gone is chosen anew, and nothing can be agreed to without one", () => {
  const [, last] = [...typing(WALK.slice(0, 20))].at(-1)!;
  const pages = setupPages({ ...FACTS, disks: { offered: [], refused: [] } });
  const gone = press(last, { kind: "enter" }, pages);
  assertEquals(gone.page, "disk");
  const confirm = { ...last, page: "confirm" };
  assertStringIncludes(shown(draw(confirm, pages, { columns: 80, rows: 24 })), "There is no disk.");
  for (const at of [0, 1, 2]) {
    assert(press({ ...confirm, at }, { kind: "enter" }, pages).word !== "done");
  }
});

/** Bytes that somebody, or something, sends. */
const PIECES = [
  ..."abcdeort -_/0\r\r\r\t\x7f\x15\x0c\x00\x1b",
  ...["\x1b[A", "\x1b[B", "\x1b[Z", "\x1b[5~", "\x1b[6~", "\x1bOF", "\x1b[H", "\x1b[31m", "\u00fc"],
  ...["daemon", "berlin\r", "yes\r", "new_york\r", "x".repeat(200), "correct horse\t", "\xff\xfe"],
];

/** Each round begins behind some of these. */
const ASKED = ["keyboard", "language", "timezone", "user", "password", "disk", "encryption"];
const SEED = 20261128;
Deno.test(`whatever is typed, a screen is one that any terminal shows (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  const seen = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const size: Size = { columns: 20 + random.below(90), rows: 5 + random.below(30) };
    const screen = new ShownScreen(size.columns, size.rows);
    const reader = new KeyReader();
    let dialog = beginDialog(PAGES, FIRST_VALUES, ASKED.slice(0, round % 8));
    let before: Frame | undefined;
    for (let i = 0; i < 60; i++) {
      for (const key of reader.feed(encode(random.pick(PIECES)))) {
        dialog = press(dialog, key, PAGES);
      }
      if (random.below(3) === 0) {
        for (const key of reader.quiet()) dialog = press(dialog, key, PAGES);
      }
      const frame = draw(dialog, PAGES, size);
      assert(frame.lines.length <= size.rows);
      for (const { text } of frame.lines) {
        assert(/^[\x20-\x7e]*$/.test(text), JSON.stringify(text));
        assert(text.length < size.columns, text);
      }
      screen.write(repaint(before, frame));
      const drawn = frame.lines.map(({ text }) => text.trimEnd());
      assertEquals(screen.lines.slice(0, drawn.length), drawn);
      assert(screen.lines.slice(drawn.length).every((line) => line === ""));
      assert(/^[\x20-\x7e\r\n]*$/.test(reprint(before, frame)));
      if (dialog.word === "done") {
        assertEquals(dialog.values["password"], dialog.values["password-again"]);
      }
      before = frame;
      seen.add(dialog.page);
    }
  }
  assert(seen.size >= 7, [...seen].join(" "));
});

Deno.test("a key at a text costs a slow line that key and the cursor's place", () => {
  const [[, before], [, after]] = [...typing(["\r\r\r", "x"])] as [
    [string, Dialog],
    [string, Dialog],
  ];
  const size = { columns: 80, rows: 24 };
  assertEquals(
    repaint(draw(before, PAGES, size), draw(after, PAGES, size)),
    "\x1b[5;18Hx\x1b[5;19H",
  );
});
