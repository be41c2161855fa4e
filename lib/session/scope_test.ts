import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { untilAborted } from "../proc/until_aborted.ts";
import { Scope } from "./scope.ts";

/** A thing that writes down when it ends. */
const thing = (name: string, ended: string[]) => ({
  [Symbol.asyncDispose]: async () => {
    await Promise.resolve();
    ended.push(name);
  },
});
const never = new AbortController().signal;

Deno.test("what a scope owns ends with its block, the youngest first, also where that throws", async () => {
  for (const fails of [false, true]) {
    const ended: string[] = [];
    const work = async () => {
      await using scope = new Scope(never);
      await scope.own(thing("folder", ended));
      await scope.own({ [Symbol.dispose]: () => void ended.push("file") });
      await scope.own(thing("tunnel", ended));
      if (fails) throw new RangeError("fault");
      assertEquals(ended, []);
    };
    if (fails) await assertRejects(work, RangeError, "fault");
    else await work();
    assertEquals(ended, ["tunnel", "file", "folder"]);
  }
});

Deno.test("a signal ends it while its work still waits, and its block waits for the end", async () => {
  const [stop, ended] = [new AbortController(), [] as string[]];
  const waits = Promise.withResolvers<void>();
  const slow = { [Symbol.asyncDispose]: () => waits.promise.then(() => void ended.push("slow")) };
  let isOver = false;
  const work = (async () => {
    await using scope = new Scope(stop.signal);
    await scope.own(slow);
    await untilAborted(new Promise(() => {}), scope.signal);
  })().catch((error) => error).finally(() => isOver = true);
  await Promise.resolve();
  stop.abort("ctrl-c");
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals([ended, isOver], [[], false]);
  waits.resolve();
  assertEquals(await work, "ctrl-c");
  assertEquals(ended, ["slow"]);
});

Deno.test("a failure ends it with its reason; what comes too late ends at once", async () => {
  const [ended, reason] = [[] as string[], new Error("the link is lost")];
  await using scope = new Scope(never);
  await scope.own(thing("tunnel", ended));
  scope.fail(reason);
  assertStrictEquals(scope.signal.reason, reason);
  const late = await assertRejects(() => scope.own(thing("late", ended)), Error);
  assertStrictEquals(late, reason);
  assertEquals(ended.toSorted(), ["late", "tunnel"]);
});

Deno.test("a scope around which all is over already keeps nothing", async () => {
  const ended: string[] = [];
  const stop = AbortSignal.abort(new Error("over"));
  await using scope = new Scope(stop);
  await assertRejects(() => scope.own(thing("late", ended)), Error, "over");
  assertEquals(ended, ["late"]);
});
