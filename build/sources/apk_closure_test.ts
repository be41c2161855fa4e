import { assertEquals } from "@std/assert";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { closureFault } from "./apk_closure.ts";

const named = (name: string, info: object = {}) => unpackedPackage(name, { info });
const A = named("a", { depends: ["so:b>1", "!z", "!own"], provides: ["own"] });
const B = named("b", { provides: ["so:b=2"] });
const B_DOC = named("b-doc", { installIf: ["b=1", "docs"] });
const DOCS = named("docs");

Deno.test("packages that are closed, and all asked for, have no fault", () => {
  assertEquals(closureFault([A, B], ["a"]), undefined);
  assertEquals(closureFault([B_DOC, DOCS, B, A], ["docs", "a", "!z", "a=1.0-r0"]), undefined);
  assertEquals(closureFault([], ["!z"]), undefined);
  const circle = [named("x", { depends: ["y"] }), named("y", { depends: ["x"] })];
  assertEquals(closureFault(circle, ["x"]), undefined);
});

Deno.test("each way in which packages are not what a solver chooses is told", () => {
  const old = named("b", { provides: ["so:b=1"] });
  const cases = [
    [[A], ["a"], '"a" needs "so:b>1", and its packages do not give that'],
    [[A, old], ["a"], '"a" needs "so:b>1", and its packages do not give that'],
    [[A, B], ["a", "c"], '"c" is asked for, and its packages do not give that'],
    [[A, B], ["a>1.0-r0"], '"a>1.0-r0" is asked for, and its packages do not give that'],
    [[A, B], ["a", "!b"], '"!b" is asked for, and its packages do not give that'],
    [[A, B, named("z")], ["a", "z"], '"a" cannot be beside its other packages, as it has "!z"'],
    [[A, B, named("c")], ["a"], 'nothing asks for "c"'],
    [[A, B, DOCS], ["a", "!docs>2"], 'nothing asks for "docs"'],
    [[A, B, B], ["a"], 'it has "b" twice'],
    [[A, B, named("b", { version: "2" })], ["a"], 'it has "b" twice'],
    [
      [named("q", { depends: ["a b"] })],
      ["q"],
      '"q" needs "a b", and its packages do not give that',
    ],
  ] as const;
  for (const [packages, world, fault] of cases) assertEquals(closureFault(packages, world), fault);
});
