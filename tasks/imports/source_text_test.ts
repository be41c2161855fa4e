import { assertEquals } from "@std/assert";
import { codeOf, importsOf } from "./source_text.ts";

Deno.test("codeOf blanks comments, strings, templates and patterns, and keeps all places", () => {
  const source = [
    "const a = 'Deno.exit'; // Deno.exit",
    '/* Deno.exit */ b("\\"Deno.exit");',
    "c(`Deno.exit ${Deno.pid + `${'x'}`} Deno.exit`);",
    "d(/['\"`Deno.exit]\\//g, 1 / 2 / e);",
    "return /Deno.exit/;",
  ].join("\n");
  const code = codeOf(source);
  assertEquals(code.length, source.length);
  assertEquals([...code.matchAll(/Deno\.\w+/g)].map((m) => [m[0], m.index]), [
    ["Deno.pid", source.indexOf("Deno.pid")],
  ]);
  assertEquals(code.includes("1 / 2 / e"), true);
});

Deno.test("importsOf finds every kind of import and its line", () => {
  const source = `import a from "./a.ts";
import type { B } from "./b.ts";
import {
  type C,
  type D,
} from "./c.ts";
export { d, type E } from "./d.ts";
export * from './e.ts';
import "./f.ts";
const g = await import("./g.ts");
new Worker(new URL("./h.ts", import.meta.url), { type: "module" });
new URL("./not.ts", "https://example.org/");
const text = 'import x from "./no.ts"';
// import "./no.ts";
`;
  assertEquals(importsOf(source).map((i) => [i.specifier, i.line, i.isType]), [
    ["./a.ts", 1, false],
    ["./b.ts", 2, true],
    ["./c.ts", 3, true],
    ["./d.ts", 7, false],
    ["./e.ts", 8, false],
    ["./f.ts", 9, false],
    ["./g.ts", 10, false],
    ["./h.ts", 11, false],
  ]);
  assertEquals(importsOf(source).filter((i) => i.isLate).map((i) => i.specifier), [
    "./g.ts",
    "./h.ts",
  ]);
});
