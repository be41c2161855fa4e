import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { judge, type Verdict } from "./judge.ts";

const system = (
  version: string | undefined,
  epoch = 86_400,
  name = "thinclient",
  hash = "new",
) => ({
  ...{ id: { system: name, version, epoch }, rootHash: hash },
});
const RUNNING = system("0.9.0", 86_400, "thinclient", "running");

Deno.test("a version is newer by its numbers, then by its time; another root of the same is a rebuild", () => {
  const cases: readonly [ReturnType<typeof system>, Verdict][] = [
    [system("0.10.0"), "newer"],
    [system("1"), "newer"],
    [system("0.9.0", 86_401), "newer"],
    [system("0.9.0"), "rebuilt"],
    [system("0.9"), "rebuilt"],
    [system("0.1.0", 1, "thinclient", "running"), "same"],
  ];
  for (const [next, verdict] of cases) {
    assertEquals([next, judge(RUNNING, next, false)], [next, verdict]);
    assertEquals([next, judge(RUNNING, next, true)], [next, verdict]);
  }
});

Deno.test("what is older, or another system, is refused with both told, and taken where that is said", () => {
  const cases: readonly [ReturnType<typeof system>, Verdict, string][] = [
    [
      system("0.8.12"),
      "older",
      "thinclient 0.8.12 of 1970-01-02 is older than thinclient 0.9.0 of",
    ],
    [
      system("0.9.0", 0),
      "older",
      "thinclient 0.9.0 of 1970-01-01 is older than thinclient 0.9.0 of",
    ],
    [system(undefined), "older", "thinclient of 1970-01-02 is older than"],
    [
      system("2", 0, "mine"),
      "other",
      "mine 2 of 1970-01-01 is another system than thinclient 0.9.0",
    ],
  ];
  for (const [next, verdict, says] of cases) {
    const error = assertThrows(() => judge(RUNNING, next, false), TowerError, says);
    assertEquals(error.code, "conflict");
    assertEquals(judge(RUNNING, next, true), verdict);
  }
});
