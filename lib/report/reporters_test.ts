import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Event, Reporter } from "./event.ts";
import { jsonReporter } from "./json_reporter.ts";
import { plainReporter } from "./plain_reporter.ts";
import { formatBytes, formatDuration, formatProgress } from "./quantity.ts";
import { telling } from "./telling.ts";
import { ttyReporter } from "./tty_reporter.ts";

/** A sink that keeps text and a clock that is set by hand. */
function fixture() {
  const state = { text: "", time: 0 };
  return {
    state,
    sink: { write: (text: string) => void (state.text += text) },
    clock: () => state.time,
  };
}

/** What is typed here shows nowhere. */
const hush = () => ({ [Symbol.dispose]() {} });

function play(reporter: Reporter, state: { time: number }, events: readonly [number, Event][]) {
  for (const [time, event] of events) {
    state.time = time;
    reporter.report(event);
  }
}

const EVENTS: readonly [number, Event][] = [
  [0, { type: "step", id: "load", title: "Load packages", total: 4 << 20, unit: "bytes" }],
  [50, { type: "progress", id: "load", done: 1 << 20 }],
  [11_000, { type: "progress", id: "load", done: 2 << 20 }],
  [11_500, { type: "warning", message: "odd \x1b[31mname" }],
  [12_000, { type: "progress", id: "load", done: 3 << 20 }],
  [12_400, { type: "done", id: "load", note: "12 packages" }],
  [12_400, { type: "info", message: "all is well" }],
];

Deno.test("plainReporter writes a line per step, and progress only of long ones", () => {
  const { state, sink, clock } = fixture();
  play(plainReporter(sink, { clock }), state, EVENTS);
  assertEquals(state.text.split("\n"), [
    "Load packages: 50% of 4.00 MiB, 186 KiB/s, 11 s left",
    "warning: odd \\x1b[31mname",
    "Load packages: 12 packages, 12 s",
    "all is well",
    "",
  ]);
});

Deno.test("a brief step is told by its end, and meanwhile, only where it takes long", async () => {
  for (const draws of [false, true]) {
    const { state, sink, clock } = fixture();
    const reporter = draws
      ? ttyReporter(sink, { clock, columns: 60, hush })
      : plainReporter(sink, { clock });
    const work = (seconds: number) =>
      telling(reporter, "Hash the files", (progress) => {
        for (let second = 1; second <= seconds; second++) {
          state.time += 1000;
          progress(second, seconds);
          reporter.tick();
        }
        return seconds;
      }, "items");
    assertEquals(await work(2), 2);
    if (!draws) assertEquals(state.text, "");
    assert(!/Hash the files: /.test(state.text), state.text);
    assertEquals(await work(5), 5);
    const [told, ...more] = state.text.split("\n").filter((line) => /files: /.test(line)).reverse();
    assertEquals(told!.replace(/^.*J/, ""), "Hash the files: 5.0 s");
    if (!draws) assertEquals(more, ["Hash the files: 3 of 5, 2 s left"]);
  }
});

Deno.test("jsonReporter writes the events, one a line, without control characters", () => {
  const { state, sink, clock } = fixture();
  const events = EVENTS.map(([, event]) => event);
  events.push({ type: "info", message: "\x9b31m\u202e\n" });
  for (const event of events) jsonReporter(sink, { clock }).report(event);
  const lines = state.text.trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), events);
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(state.text));
});

Deno.test("jsonReporter tells progress now and then, and everything else at once", () => {
  const { state, sink, clock } = fixture();
  const reporter = jsonReporter(sink, { clock });
  for (let done = 0; done < 1000; done++) {
    state.time = done;
    reporter.report({ type: "progress", id: "a", done });
  }
  reporter.report({ type: "done", id: "a" });
  const lines = state.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map((line) => line.done ?? line.type), [0, 200, 400, 600, 800, "done"]);
});

/** What a terminal shows after ECMA-48's cursor up and erase below. */
function screenOf(text: string): string[] {
  const lines = [""];
  for (const [part] of text.matchAll(/\x1b\[(\d+)A\x1b\[J|\n|[^\x1b\n]+/g)) {
    const up = /^\x1b\[(\d+)A/.exec(part)?.[1];
    if (up !== undefined) lines.splice(lines.length - 1 - Number(up), Infinity, "");
    else if (part === "\n") lines.push("");
    else lines[lines.length - 1] += part;
  }
  return lines;
}

Deno.test("ttyReporter shows running steps below the lines that stay", () => {
  const { state, sink, clock } = fixture();
  const reporter = ttyReporter(sink, { clock, columns: 80, hush });
  play(reporter, state, EVENTS.slice(0, 3));
  assertEquals(screenOf(state.text), [
    "Load packages  [##########..........]  50% of 4.00 MiB, 186 KiB/s, 11 s left",
    "",
  ]);
  play(reporter, state, EVENTS.slice(3, 4));
  reporter.report({ type: "step", id: "two", title: "Second" });
  assertEquals(screenOf(state.text), [
    "warning: odd \\x1b[31mname",
    "Load packages  [##########..........]  50% of 4.00 MiB, 178 KiB/s, 11 s left",
    "Second",
    "",
  ]);
  play(reporter, state, EVENTS.slice(4));
  assertEquals(screenOf(state.text), [
    "warning: odd \\x1b[31mname",
    "Load packages: 12 packages, 12 s",
    "all is well",
    "Second",
    "",
  ]);
  reporter[Symbol.dispose]();
  assertEquals(screenOf(state.text).at(-2), "all is well");
});

Deno.test("ttyReporter draws progress at most ten times a second", () => {
  const { state, sink, clock } = fixture();
  let writes = 0;
  const reporter = ttyReporter({
    write(text) {
      writes++;
      sink.write(text);
    },
  }, { clock, columns: 80, hush });
  reporter.report({ type: "step", id: "a", title: "A", total: 1000 });
  for (let i = 1; i <= 1000; i++) {
    state.time = i;
    reporter.report({ type: "progress", id: "a", done: i });
  }
  assertEquals(writes, 11);
});

Deno.test("ttyReporter never wraps a line, however narrow the terminal", () => {
  const title = "Load 包包包 a\nlong title of many words ".repeat(3);
  for (const columns of [1, 5, 20, 40, 79]) {
    const { state, sink, clock } = fixture();
    const reporter = ttyReporter(sink, { clock, columns, hush });
    reporter.report({ type: "step", id: "a", title, total: 10 });
    const [line] = screenOf(state.text);
    const width = Array.from(line!).reduce((sum, c) => sum + (c > "\u1100" ? 2 : 1), 0);
    assertLessOrEqual(width, Math.max(2, columns));
    assertEquals(screenOf(state.text).length, 2);
  }
});

Deno.test("how far a step is stays to read where the line has no room for all", () => {
  for (
    const [columns, line] of [
      [90, "Writing partitions  [#########...........]  45% of 100 MiB, 9.00 MiB/s, 6 s left"],
      [60, "Writing partitions  45% of 100 MiB, 9.00 MiB/s, 6 s left"],
      [40, "Writing partitions  45%, 6 s left"],
      [30, "Writing partitions  45%"],
      [16, "Writing p…  45%"],
      [4, "45%"],
    ] as const
  ) {
    const { state, sink, clock } = fixture();
    const reporter = ttyReporter(sink, { clock, columns, hush });
    const total = 100 << 20;
    reporter.report({ type: "step", id: "a", title: "Writing partitions", total, unit: "bytes" });
    state.time = 5000;
    reporter.report({ type: "progress", id: "a", done: 45 << 20 });
    assertEquals(screenOf(state.text)[0], line);
  }
});

Deno.test("a step from which nothing is heard is told after three seconds, then now and then", () => {
  const { state, sink, clock } = fixture();
  const reporter = plainReporter(sink, { clock });
  reporter.report({ type: "step", id: "a", title: "Waiting" });
  for (state.time = 0; state.time < 25_000; state.time += 1000) reporter.tick();
  reporter.report({ type: "done", id: "a" });
  reporter.tick();
  assertEquals(state.text.split("\n"), [
    "Waiting: 3.0 s",
    "Waiting: 13 s",
    "Waiting: 23 s",
    "Waiting: 25 s",
    "",
  ]);
});

Deno.test("ttyReporter lets time go by on the screen, and hushes keys while lines are drawn", () => {
  const { state, sink, clock } = fixture();
  let hushed = 0;
  const reporter = ttyReporter(sink, {
    clock,
    columns: 80,
    hush: () => (hushed++, { [Symbol.dispose]: () => void hushed-- }),
  });
  reporter.report({ type: "info", message: "begun" });
  assertEquals(hushed, 0);
  reporter.report({ type: "step", id: "a", title: "Waiting" });
  reporter.report({ type: "step", id: "b", title: "Reading", total: 10, unit: "items" });
  assertEquals(hushed, 1);
  state.time = 4000;
  reporter.tick();
  assertEquals(screenOf(state.text).slice(1, 3), [
    "Waiting  4.0 s",
    "Reading  [....................]  0 of 10, 4.0 s",
  ]);
  reporter.report({ type: "done", id: "a" });
  assertEquals(hushed, 1);
  reporter.report({ type: "done", id: "b" });
  assertEquals(hushed, 0);
  reporter.report({ type: "step", id: "c", title: "More" });
  reporter[Symbol.dispose]();
  assertEquals(hushed, 0);
});

Deno.test("speed is that of late, and nothing is left to tell where nothing moves", () => {
  const { state, sink, clock } = fixture();
  const reporter = plainReporter(sink, { clock });
  reporter.report({ type: "step", id: "a", title: "Load", total: 100 << 20, unit: "bytes" });
  for (state.time = 0; state.time <= 20_000; state.time += 1000) {
    reporter.report({ type: "progress", id: "a", done: (state.time < 10_000 ? 0 : 4) << 20 });
  }
  const lines = state.text.split("\n");
  assertEquals(lines[0], "Load: 0% of 100 MiB, 3.0 s");
  assertEquals(lines[1], "Load: 4% of 100 MiB, 455 KiB/s, 3 min 36 s left");
});

Deno.test("ttyReporter colours warnings only where it may", () => {
  for (const color of [true, false]) {
    const { state, sink, clock } = fixture();
    const reporter = ttyReporter(sink, { clock, columns: 80, color, hush });
    reporter.report({ type: "warning", message: "x" });
    assertEquals(state.text.includes("\x1b[33m"), color);
  }
});

Deno.test("progress and ends of steps that nobody began are ignored", () => {
  const { state, sink, clock } = fixture();
  for (
    const r of [plainReporter(sink, { clock }), ttyReporter(sink, { clock, columns: 80, hush })]
  ) {
    r.report({ type: "progress", id: "no", done: 1 });
    r.report({ type: "done", id: "no" });
  }
  assertEquals(state.text, "");
});

Deno.test("quantities read as people write them", () => {
  assertEquals([0, 1023, 1024, 1536, 1023.6 * 1024, 12.34 * 2 ** 30].map(formatBytes), [
    "0 B",
    "1023 B",
    "1.00 KiB",
    "1.50 KiB",
    "1.00 MiB",
    "12.3 GiB",
  ]);
  assertEquals([0, 400, 9940, 9960, 59_600, 185_000].map(formatDuration), [
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "1 min 00 s",
    "3 min 05 s",
  ]);
  assertEquals(formatProgress(3, 12, "items"), "3 of 12");
  assertEquals(formatProgress(2048, undefined, "bytes"), "2.00 KiB");
});
