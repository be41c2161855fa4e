import { assertEquals, assertThrows } from "@std/assert";
import { figuresOf, formatSection, median, type Section } from "./report.ts";

const SECTION: Section = {
  title: "A race",
  notes: ["on a track"],
  rows: [
    { name: "hare", samples: [{ wall: 2 }, { wall: 6 }, { wall: 4 }] },
    {
      name: "tortoise",
      peer: "hare",
      samples: [
        { wall: 0.2, cpu: 0.1, memory: 3 << 20 },
        { wall: 0.1, cpu: 0.3, memory: 1 << 20 },
      ],
    },
  ],
};

Deno.test("the median is the middle, or the mean of the two in the middle", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertThrows(() => median([]), RangeError);
});

Deno.test("a row's figures are medians, its ratio that of the walls", () => {
  const { wall, fastest, slowest, cpu, memory, ratio } = figuresOf(SECTION.rows[1]!, SECTION);
  assertEquals([fastest, slowest], [0.1, 0.2]);
  assertEquals([cpu, memory], [0.2, 2 << 20]);
  assertEquals(ratio, wall / 4);
});

Deno.test("a figure that one run lacks is not told for the row", () => {
  const row = { name: "snail", samples: [{ wall: 1, cpu: 1 }, { wall: 1 }] };
  assertEquals(figuresOf(row, SECTION).cpu, undefined);
});

Deno.test("a section is a table; what was not measured is a dash", () => {
  assertEquals(formatSection(SECTION).split("\n"), [
    "A race",
    "  on a track",
    "            wall  (fastest to slowest)   ratio  user+sys  peak memory",
    "hare      4.00 s    (2.00 s to 6.00 s)       -         -            -",
    "tortoise  150 ms    (100 ms to 200 ms)  0.038x    200 ms        2 MiB",
    "",
  ]);
});
