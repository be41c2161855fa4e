import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { closureOf, memberFor, type PackageSource } from "./closure.ts";
import { type DebianPackage, parseRelations } from "./control.ts";

function debian(name: string, depends = "", provides = ""): DebianPackage {
  const rest = { version: "1-1", architecture: "amd64", synopsis: "", homepage: "" };
  return {
    ...rest,
    name,
    installedSize: 0,
    sha256: "",
    depends: parseRelations(depends),
    provides: parseRelations(provides).flat(),
  };
}

function from(...packages: DebianPackage[]): PackageSource & { asked: string[][] } {
  const asked: string[][] = [];
  const source = (names: readonly string[]) => {
    asked.push([...names]);
    return Promise.resolve(packages.filter((p) => names.includes(p.name)));
  };
  return Object.assign(source, { asked });
}

const names = (closure: ReadonlyMap<string, unknown>) => [...closure.keys()].sort();

Deno.test("a closure holds all that its members depend on, cycles included", async () => {
  const source = from(debian("a", "b, c"), debian("b", "a"), debian("c"), debian("d"));
  assertEquals(names(await closureOf(["a"], {}, source)), ["a", "b", "c"]);
});

Deno.test("of alternatives, one that is there wins, then the first that exists", async () => {
  const source = from(
    debian("a", "ghost | x | y, y"),
    debian("x"),
    debian("y"),
    debian("b", "x|y"),
  );
  assertEquals(names(await closureOf(["a"], {}, source)), ["a", "x", "y"]);
  assertEquals(names(await closureOf(["b", "y"], {}, source)), ["b", "y"]);
});

Deno.test("an omitted package and what only it needs stay out, and are not looked up", async () => {
  const source = from(debian("a", "debconf | debconf-2.0, b"), debian("b"), debian("debconf", "z"));
  const closure = await closureOf(["a"], { debconf: "no questions are asked" }, source);
  assertEquals(names(closure), ["a", "b"]);
  assertEquals(source.asked.flat().includes("debconf"), false);
});

Deno.test("a virtual package is met by a member that provides it", async () => {
  const source = from(debian("a", "awk, m"), debian("m", "", "awk"));
  const closure = await closureOf(["a"], {}, source);
  const choice = memberFor([{ name: "awk" }], closure, {}, "a");
  assertEquals(choice.kind === "member" && choice.by.name, "m");
});

Deno.test("a group that nothing meets and an unknown root are named", async () => {
  const source = from(debian("a", "mail-agent | mta"));
  await assertRejects(
    () => closureOf(["a"], {}, source),
    TowerError,
    'Cannot take "a" into the repository: nothing provides mail-agent | mta',
  );
  await assertRejects(() => closureOf(["b"], {}, source), TowerError, "no such package");
});
