import { assert, assertEquals } from "@std/assert";
import { parseDependency } from "./dependency.ts";
import { formatProblems, type Repository, solve, solveIn, universeOf } from "./solver.ts";
import { identityOf } from "./identity.ts";
import type { IndexedPackage } from "./types.ts";

/**
 * A package from a line such as `a-1 needs b c>1 gives v w=2 if x y prio 5`. `arch`, `size` and
 * `id` take a value too.
 */
function pack(line: string): IndexedPackage {
  const lists: Record<string, string[]> = {};
  const [label = "", ...words] = line.split(" ");
  let key = "";
  for (const word of words) {
    if (["needs", "gives", "if", "prio", "arch", "size", "id"].includes(word)) key = word;
    else (lists[key] ??= []).push(word);
  }
  const dash = label.indexOf("-");
  const priority = Number(lists["prio"]?.[0] ?? 0);
  return {
    identity: identityOf(new TextEncoder().encode(lists["id"]?.[0] ?? line), "Q1"),
    name: label.slice(0, dash),
    version: label.slice(dash + 1),
    arch: lists["arch"]?.[0] ?? "x86_64",
    size: 1,
    installedSize: Number(lists["size"]?.[0] ?? 1),
    description: "",
    url: "",
    license: "",
    ...(priority === 0 ? {} : { providerPriority: priority }),
    depends: lists["needs"] ?? [],
    provides: lists["gives"] ?? [],
    installIf: lists["if"] ?? [],
  };
}

function repository(lines: readonly string[], tag?: string): Repository {
  const packages = lines.map(pack);
  return tag === undefined ? { url: "r", packages } : { url: "r", tag, packages };
}

function solveWorld(world: string, ...repositories: Repository[]) {
  const items = world.split(" ").map(parseDependency);
  return solve(items, repositories, { arch: "x86_64" });
}

/** The selection as `a-1 b-2`, in order, or the problems as text. */
function solved(world: string, ...lines: string[]): string {
  return shown(world, repository(lines));
}

function shown(world: string, ...repositories: Repository[]): string {
  const solution = solveWorld(world, ...repositories);
  if (!solution.ok) return formatProblems(solution.problems);
  return solution.install.map(({ package: p }) => `${p.name}-${p.version}`).join(" ");
}

Deno.test("dependencies are installed before those that need them", () => {
  assertEquals(solved("a", "a-1 needs b c", "b-1 needs d", "c-1", "d-1"), "d-1 b-1 c-1 a-1");
});

Deno.test("the world is taken in alphabetical order, whatever order it is given in", () => {
  assertEquals(solved("c B a", "a-1", "B-1", "c-1"), "a-1 B-1 c-1");
});

Deno.test("cyclic dependencies are installed once each", () => {
  assertEquals(solved("a", "a-1 needs b", "b-1 needs c", "c-1 needs a"), "c-1 b-1 a-1");
  assertEquals(solved("a", "a-1 needs a"), "a-1");
});

Deno.test("the highest version is taken, or the highest that all constraints allow", () => {
  const versions = ["a-1", "a-3", "a-2", "b-1 needs a<3"];
  assertEquals(solved("a", ...versions), "a-3");
  assertEquals(solved("a<3", ...versions), "a-2");
  assertEquals(solved("a b", ...versions), "a-2 b-1");
  assertEquals(solved("a~1", ...versions), "a-1");
});

Deno.test("two constraints on one name both hold", () => {
  assertEquals(solved("a>1 a<3", "a-1", "a-3", "a-2"), "a-2");
  assert(!solveWorld("a>2 a<2", repository(["a-1", "a-3"])).ok);
});

Deno.test("a versioned provides stands for the name", () => {
  assertEquals(solved("v", "a-1 gives v=2"), "a-1");
  assertEquals(solved("v>1", "a-1 gives v=1", "b-1 gives v=2"), "b-1");
  assertEquals(solved("v", "a-1 gives v=1", "b-1 gives v=2"), "b-1");
});

Deno.test("an unversioned provides is not chosen unasked", () => {
  assertEquals(
    solved("v", "a-1 gives v"),
    "v: a package provides it without a version; name that package, asked for by world (v)\n" +
      "  a-1: it can provide it, if you ask for it by name",
  );
  assertEquals(solved("v a", "a-1 gives v", "b-1 gives v"), "a-1");
  assertEquals(solved("v", "a-1 gives v prio 1", "b-1 gives v"), "a-1");
  assertEquals(solved("v", "a-1 gives v prio 1", "b-1 gives v prio 9"), "b-1");
});

Deno.test("many packages may provide a name without a version, only one with", () => {
  assertEquals(solved("a b", "a-1 gives v", "b-1 gives v"), "a-1 b-1");
  assert(!solveWorld("a b", repository(["a-1 gives v=1", "b-1 gives v=1"])).ok);
  assertEquals(
    solved("a b", "a-1 gives v=1", "b-1 gives v=1"),
    "a: no candidate fits, asked for by world (a)\n" +
      "  a-1: b-1 is needed too and has the same name v\n" +
      "b: no candidate fits, asked for by world (b)\n" +
      "  b-1: a-1 is needed too and has the same name v",
  );
});

Deno.test("a conflict keeps a package out", () => {
  assertEquals(solved("a !b", "a-1 needs v", "b-1 gives v=2", "c-1 gives v=1"), "c-1 a-1");
  assertEquals(solved("a !b", "a-1", "b-1"), "a-1");
  assertEquals(
    solved("a !b", "a-1 needs b", "b-1"),
    "b: no candidate fits, asked for by a-1 (b)\n  b-1: world asks for !b",
  );
  assertEquals(
    solved("a b", "a-1 needs !b", "b-1"),
    "b: no candidate fits, asked for by world (b)\n  b-1: a-1 asks for !b",
  );
});

Deno.test("a package that provides a name twice conflicts with itself", () => {
  assert(solveWorld("a", repository(["a-1 gives v v"])).ok);
  assertEquals(
    solved("a", "a-1 gives v v=1"),
    "a: no candidate fits, asked for by world (a)\n  a-1: it provides v twice",
  );
});

Deno.test("a conflict with a range keeps only that range out", () => {
  assertEquals(solved("a !b>1", "a-1 needs b", "b-1", "b-2"), "b-1 a-1");
});

Deno.test("install_if adds a package once all its conditions hold, to a fixpoint", () => {
  const lines = ["a-1", "docs-1", "a-doc-1 if docs a=1", "extra-1 if a-doc"];
  const packages = [...lines.slice(0, 2).map(pack), {
    ...pack("adoc-1 if docs a=1"),
    name: "a-doc",
  }, pack(lines[3]!)];
  const world = (text: string) => shown(text, { url: "r", packages });
  assertEquals(world("a"), "a-1");
  assertEquals(world("a docs"), "a-1 docs-1 a-doc-1 extra-1");
  assertEquals(world("a docs !a-doc"), "a-1 docs-1");
});

Deno.test("a package that install_if adds brings its dependencies", () => {
  assertEquals(solved("a", "a-1", "b-1 if a needs c", "c-1"), "a-1 c-1 b-1");
  assertEquals(solved("a", "a-1", "b-1 if a=2"), "a-1");
  assertEquals(solved("a", "a-1", "b-1 if a !c", "c-1"), "a-1");
});

Deno.test("of equal packages the first repository's is taken", () => {
  const first = repository(["a-1 id one"]), second = repository(["a-1 id two", "b-1"]);
  const solution = solveWorld("a b", first, second);
  assert(solution.ok);
  assertEquals(solution.install.map((item) => item.repository), [0, 1]);
  assertEquals(solution.install[0]?.package.identity, pack("a-1 id one").identity);
});

Deno.test("a package that two repositories share is one package", () => {
  const shared = repository(["a-1 id same"]);
  assertEquals(shown("a", shared, shared), "a-1");
});

Deno.test("a tagged repository is used only where a pin names it", () => {
  const main = repository(["a-1", "b-1 needs a"]);
  const edge = repository(["a-2", "c-1 needs a>1", "d-1"], "edge");
  assertEquals(shown("a", main, edge), "a-1");
  assertEquals(shown("a@edge", main, edge), "a-2");
  assertEquals(shown("c@edge", main, edge), "a-2 c-1");
  assertEquals(
    shown("d", main, edge),
    "d: no candidate fits, asked for by world (d)\n  d-1: it is only in @edge",
  );
  assertEquals(
    shown("d@none", main, edge),
    "d: no repository has that tag, asked for by world (d@none)",
  );
  const solution = solveWorld("d@edge", main, edge);
  assertEquals(solution.ok && solution.install[0]?.repository, 1);
});

Deno.test("a candidate whose dependency nothing meets gives way to another", () => {
  const lines = ["a-2 needs b>5", "a-1", "b-1", "c-1 needs !a>1"];
  assertEquals(solved("a c", ...lines), "a-1 c-1");
});

Deno.test("each candidate that was refused is told with its reason", () => {
  assertEquals(
    solved("a>2 b", "a-1", "a-2", "b-1 needs gone"),
    "a: no candidate fits, asked for by world (a>2)\n" +
      "  a-1: world asks for a>2; a-2 is needed too and has the same name a\n" +
      "  a-2: world asks for a>2\n" +
      "b: no candidate fits, asked for by world (b)\n" +
      "  b-1: nothing meets its dependency gone\n" +
      "gone: no repository has it, asked for by b-1 (gone)",
  );
});

Deno.test("packages for another architecture are refused", () => {
  assertEquals(solved("a", "a-1 arch noarch"), "a-1");
  assertEquals(solved("a", "a-2 arch armv7", "a-1"), "a-1");
  assertEquals(
    solved("a", "a-1 arch armv7"),
    "a: no candidate fits, asked for by world (a)\n  a-1: it is built for armv7",
  );
});

Deno.test("records that cannot be read whole are never chosen", () => {
  assertEquals(solved("a", "a-2 needs b=?", "a-1"), "a-1");
  assert(solved("a", "a-2 needs b=?").endsWith('a-2: its dependency "b=?" cannot be read'));
  assertEquals(solved("a b", "a-1", "b-1", "c-1 if a b=?"), "a-1 b-1");
  assertEquals(solved("v w=1", "a-1 gives v=? w=1", "b-1 gives v=1"), "b-1 a-1");
  const [item] = [{ ...pack("a-1"), uninstallable: "it is odd" }];
  assert(shown("a", { url: "r", packages: [item] }).endsWith("a-1: it is odd"));
  const asking = [item, pack("b-2 needs a"), pack("b-1")];
  assertEquals(shown("b", { url: "r", packages: asking }), "b-1");
});

Deno.test("an identity in the world takes that very package", () => {
  const { identity } = pack("a-1");
  assertEquals(solved(`a><${identity}`, "a-2", "a-1"), "a-1");
});

Deno.test("each selected package says what pulled it in", () => {
  const solution = solveWorld("a", repository(["a-1 needs b>0", "b-1", "c-1 if a b"]));
  assert(solution.ok);
  assertEquals(solution.install.map(({ reason }) => reason), [
    { kind: "dependency", by: "a-1", dependency: "b>0" },
    { kind: "install-if", conditions: ["a", "b"] },
    { kind: "world", dependency: "a" },
  ]);
});

Deno.test("an empty world is solved by nothing", () => {
  const none = solve([], [repository(["a-1"])], { arch: "x86_64" });
  assertEquals(none, { ok: true, install: [] });
});

Deno.test("many worlds over one universe do not influence each other", () => {
  const universe = universeOf([repository(["a-1 needs v", "b-1 gives v", "c-1"])], "x86_64");
  const ask = (world: string) => solveIn(universe, world.split(" ").map(parseDependency));
  const first = JSON.stringify([ask("a b"), ask("a"), ask("c !a"), ask("nothing")]);
  assertEquals(JSON.stringify([ask("a b"), ask("a"), ask("c !a"), ask("nothing")]), first);
});

Deno.test("a chain of 10,000 packages does not exhaust the stack", () => {
  const packages = Array.from(
    { length: 10_000 },
    (_, i) => pack(`n${i}-1 needs n${i + 1} gives g${i}=1 ${i % 2 ? `if g${i + 2}` : ""}`),
  );
  packages.push(pack("n10000-1"));
  const solution = solveWorld("n0", { url: "r", packages });
  assert(solution.ok);
  assertEquals(solution.install.length, 10_001);
  assertEquals(solution.install[0]?.package.name, "n10000");
});
