import { assert, assertEquals } from "@std/assert";
import { describeMutation, mutated, mutationsOf } from "./mutations.ts";

/** The sources that mutations of a source make, by what was done. */
function mutantsOf(source: string): string[] {
  return mutationsOf(source).map((mutation) => `${mutation.kind}: ${mutated(source, mutation)}`);
}

Deno.test("each comparison, conjunction and sum becomes its neighbour", () => {
  assertEquals(mutantsOf("f(a < b && c === d);"), [
    "statement removed: ;",
    "comparison: f(a <= b && c === d);",
    "comparison: f(a >= b && c === d);",
    "logic: f(a < b || c === d);",
    "comparison: f(a < b && c !== d);",
  ]);
  assertEquals(mutantsOf("const x = a - b || !c;"), [
    "arithmetic: const x = a + b || !c;",
    "logic: const x = a - b && !c;",
    "negation removed: const x = a - b || c;",
  ]);
});

Deno.test("conditions are negated with their words, constants go up and down, booleans flip", () => {
  assertEquals(mutantsOf('if (a.get("x")) b = true;'), [
    'condition negated: if (!(a.get("x"))) b = true;',
    'boolean: if (a.get("x")) b = false;',
  ]);
  assertEquals(mutantsOf("const x = [0, 0o17, 1_000n];").filter((m) => m.startsWith("const")), [
    "constant: const x = [1, 0o17, 1_000n];",
    "constant: const x = [0, 16, 1_000n];",
    "constant: const x = [0, 14, 1_000n];",
    "constant: const x = [0, 0o17, 1001n];",
    "constant: const x = [0, 0o17, 999n];",
  ]);
});

Deno.test("throws and statements are removed; declarations and members are not", () => {
  const source = `function f(): void {
  const a = 1;
  g(() => {
    h();
  });
  throw a;
}
class C {
  m(): void {}
}
`;
  const removed = mutationsOf(source).filter(({ kind }) => kind.endsWith("removed"))
    .map(({ start, end }) => source.slice(start, end).replaceAll(/\s+/g, " "));
  assertEquals(removed, ["g(() => { h(); });", "h();", "throw a;"]);
});

Deno.test("elements of lists are removed, those of indexes and patterns are not", () => {
  const source = 'const [p, q] = f(m["k"], new Set(["a", [b, "c"]]), m![0]);';
  const removed = mutationsOf(source).filter(({ kind }) => kind === "element removed")
    .map(({ start, end }) => source.slice(start, end).trim());
  assertEquals(removed, ['"a",', '[b, "c"]', "b,", '"c"']);
});

Deno.test("parts of texts are removed, but none of an error's words", () => {
  const source = "const key = `${name} ${digest}`; if (x) throw new TowerError(`${name + 1}`);";
  const mutants = mutantsOf(source);
  assert(mutants.includes(`part of a text removed: ${source.replace("${digest}", "")}`));
  assertEquals(mutants.filter((m) => m.includes("key = `${name} ${digest}`")), [
    `condition negated: ${source.replace("(x)", "(!(x))")}`,
    `throw removed: ${source.slice(0, source.indexOf("throw"))};`,
  ]);
});

Deno.test("what is in a string, comment or type is no code", () => {
  for (
    const source of [
      'const a = "x < y";',
      "// if (a < b)\nconst a = `true`;",
      "type A = 1 | true;",
      "interface B { readonly c: 5; d: [1, 2]; }",
      "const a = b as { c: true };",
      "const a = /[<] < 1/;",
    ]
  ) assertEquals(mutantsOf(source), [], source);
});

Deno.test("a mutation is told with its line and both texts", () => {
  const source = "// head\nconst a = b === c;\n";
  assertEquals(
    describeMutation("lib/x.ts", source, mutationsOf(source)[0]!),
    "lib/x.ts:2: comparison: === -> !==   in: const a = b === c;",
  );
});
