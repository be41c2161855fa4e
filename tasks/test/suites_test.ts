import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { chooseTiers, type Tier, TIERS } from "./suites.ts";

const suitesOf = (tiers: readonly Tier[]) => tiers.map(({ suites }) => suites.map((s) => s.name));

Deno.test("without a name the quick tier is run, and with one just what is named, in order", () => {
  assertEquals(suitesOf(chooseTiers([])), [["gate", "spec", "interop", "boot"]]);
  assertEquals(suitesOf(chooseTiers(["long", "quick"])), [
    ["gate", "spec", "interop", "boot"],
    ["long"],
  ]);
  assertEquals(suitesOf(chooseTiers(["soak", "boot"])), [["boot"], ["soak"]]);
});

Deno.test("a suite that is not there is refused, with the names of those that are", () => {
  const error = assertThrows(() => chooseTiers(["boot", "bot"]), TowerError);
  assertEquals(error.message, 'Cannot find the suite "bot"');
  assertEquals(error.hint, "there are quick, gate, spec, interop, boot, long, soak");
});

Deno.test("every folder of tests is run by a suite", () => {
  const words = TIERS.flatMap(({ suites }) => suites.flatMap(({ args }) => args));
  for (const folder of ["spec", "interop", "boot", "long", "soak"]) {
    assertEquals(words.filter((word) => word === `tests/${folder}`).length, 1, folder);
  }
});
