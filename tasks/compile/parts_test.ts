import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { FOOTER_SIZE, readFooter } from "./loader/footer.ts";
import { formatParts, partNames } from "./parts.ts";
import { functionsOf, groupsOf } from "./pieces.ts";

Deno.test("parts at the end of a file are found by their names, each alone", () => {
  const parts = formatParts([{ names: ["a", "b"], text: "één" }, { names: ["c"], text: "two" }]);
  const file = new Uint8Array([...new Uint8Array(100), ...parts]);
  assertEquals(partNames(file), ["a", "b", "c"]);
  const { start, indexAt } = readFooter(file.subarray(-FOOTER_SIZE), file.length);
  const text = new TextDecoder();
  const index = JSON.parse(text.decode(file.subarray(indexAt, -FOOTER_SIZE)));
  const read = ([at, length]: number[]) =>
    text.decode(file.subarray(start + at!, start + at! + length!));
  assertEquals([read(index.a), read(index.b), read(index.c)], ["één", "één", "two"]);
  assertThrows(() => partNames(file.subarray(0, -1)), TowerError, "the parts at its end are gone");
});

Deno.test("pieces that are always loaded together lie in one part, each once", () => {
  const groups = groupsOf(
    new Map([
      ["main.js", 'require("part:a.js");load("part:late.js")'],
      ["a.js", 'require("part:b.js")'],
      ["b.js", 'require("part:a.js")'],
      ["late.js", 'require("part:b.js");load("part:rest.js")'],
      ["rest.js", ""],
    ]),
    "main.js",
  );
  assertEquals(groups.map(({ names }) => names), [
    ["main.js", "a.js", "b.js"],
    ["late.js"],
    ["rest.js"],
  ]);
  const pieces = new Function(groups[0]!.text)();
  const asked: string[] = [];
  const ask = (name: string) => asked.push(name);
  pieces["main.js"](ask, ask);
  assertEquals(asked, ["part:a.js", "part:late.js"]);
});

Deno.test("modules name each other, workers and Node's modules as the loader knows them", async () => {
  const modules = new Map([
    [
      "main.js",
      'import { createRequire as __deno_internal_createRequire } from "node:module";' +
      "var r=__deno_internal_createRequire(import.meta.url);" +
      'import"./a-1.js";import("./a-1.js");x("./other.js");' +
      'new Worker(new URL("./x_worker.ts",import.meta.url));new URL("./y",import.meta.url)',
    ],
    ["a-1.js", ""],
  ]);
  let named = "";
  const functions = await functionsOf(modules, ["./x_worker.ts"], (texts) => {
    named = texts.get("main.js")!;
    return Promise.resolve(texts);
  });
  assertEquals(
    named,
    'var r=require;import"part:a-1.js";import("part:a-1.js");x("./other.js");' +
      'new Worker(workerUrl("./x_worker.ts"));new URL("./y","file:///proc/none/main.js")',
  );
  assertEquals(functions.get("main.js"), named.replace("import(", "load("));
  const twice = new Map([["a.js", 'require("node:events")'], ["b.js", 'require("node:events")']]);
  await assertRejects(() => functionsOf(twice, [], (texts) => Promise.resolve(texts)), TowerError);
});
