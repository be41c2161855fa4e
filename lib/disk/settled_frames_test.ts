import { assertEquals, assertNotEquals } from "@std/assert";
import { SettledFrames } from "./settled_frames.ts";

Deno.test("frames are left once four others were written to, and change with each write", () => {
  const frames = new SettledFrames(10);
  assertEquals(frames.written(0, 40), []);
  assertEquals(frames.written(40, 1), [0]);
  assertEquals(frames.written(15, 0), []);
  assertEquals(frames.written(15, 1), []);
  assertEquals(frames.written(50, 25), [2, 3, 4]);
  const before = frames.version(0);
  assertNotEquals(before, 0);
  assertEquals(frames.version(8), 0);
  assertEquals(frames.written(9, 2), [1, 5]);
  assertNotEquals(frames.version(0), before);
});

Deno.test("a write over many frames leaves all but the last ones", () => {
  const frames = new SettledFrames(10);
  assertEquals(frames.written(5, 100), [0, 1, 2, 3, 4, 5, 6]);
});
