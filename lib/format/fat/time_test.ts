import { assertEquals } from "@std/assert";
import { fatTime, secondsOfFat } from "./time.ts";

Deno.test("a time is UTC with two seconds of resolution", () => {
  const { date, time } = fatTime(Date.UTC(2024, 1, 29, 23, 59, 59) / 1000);
  assertEquals(date, 44 << 9 | 2 << 5 | 29);
  assertEquals(time, 23 << 11 | 59 << 5 | 29);
});

Deno.test("a time before 1980 or after 2107 is moved to the nearest that FAT has", () => {
  assertEquals(fatTime(0), { date: 1 << 5 | 1, time: 0 });
  assertEquals(fatTime(2 ** 40), {
    date: 127 << 9 | 12 << 5 | 31,
    time: 23 << 11 | 59 << 5 | 29,
  });
});

Deno.test("a time is read back, and one that is none is undefined", () => {
  assertEquals(secondsOfFat(fatTime(1_700_000_000)), 1_700_000_000);
  assertEquals(secondsOfFat({ date: 0, time: 0 }), undefined);
  const date = 44 << 9 | 1 << 5 | 1;
  assertEquals(secondsOfFat({ date, time: 24 << 11 }), undefined);
  assertEquals(secondsOfFat({ date, time: 60 << 5 }), undefined);
  assertEquals(secondsOfFat({ date, time: 30 }), undefined);
  assertEquals(secondsOfFat({ date: 44 << 9 | 13 << 5 | 1, time: 0 }), undefined);
});
