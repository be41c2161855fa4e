import { assertEquals, assertGreaterOrEqual, assertLess, assertRejects } from "@std/assert";
import { REAL_CLOCK } from "./real_clock.ts";

Deno.test("a pause takes its time, unless a signal ends it with its reason", async () => {
  const stop = new AbortController();
  const begin = REAL_CLOCK.now();
  await REAL_CLOCK.pause(30, stop.signal);
  assertGreaterOrEqual(REAL_CLOCK.now() - begin, 29);
  const pause = REAL_CLOCK.pause(60_000, stop.signal);
  stop.abort("ctrl-c");
  assertEquals(await pause.catch((reason) => reason), "ctrl-c");
  await assertRejects(
    () => REAL_CLOCK.pause(60_000, AbortSignal.abort(new Error("over"))),
    Error,
    "over",
  );
  assertLess(REAL_CLOCK.now() - begin, 30_000);
});
