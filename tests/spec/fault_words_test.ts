import { assert, assertEquals, assertGreater } from "@std/assert";
import { manifestDocument } from "../../build/manifest/schema.ts";
import { TowerError } from "../../lib/errors.ts";
import { decodeYaml } from "../../lib/schema/yaml_document.ts";
import { tableManifest } from "../support/build/table_system.ts";

type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

/** What no field may be told with: the library's words, and patterns that nobody reads. */
const FOREIGN = /Invalid|expected|Too (small|big)|discriminator|undefined|\/\^|look like|something/;
const ODD: readonly Value[] = [null, -1, 1.5, 2 ** 60, "", "\u0007 \u00e4", "x".repeat(300)];
const MANY: readonly Value[] = [[], ["", 7], { "a b": 7 }, { kind: "dsik" }];

/** A value with each of its parts in turn replaced by each of these. */
function* changed(value: Value, by: readonly Value[]): Generator<Value> {
  yield* by;
  if (Array.isArray(value)) {
    for (const [i, part] of value.entries()) {
      for (const other of changed(part, by)) yield value.with(i, other);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      for (const other of changed(part, by)) yield { ...value, [name]: other };
      const { [name]: _, ...rest } = value;
      yield rest;
    }
  }
}

/** Equal for parts that have the same fields, and are of the same kind. */
function formOf(value: Value): string {
  return JSON.stringify(value, (name, inner) => {
    const isScalar = typeof inner !== "object" || inner === null;
    return isScalar && name !== "kind" ? typeof inner : inner;
  });
}

Deno.test("no fault of a manifest is told in a library's words, whatever stands in any field", () => {
  const whole = JSON.parse(JSON.stringify(tableManifest("lab", "overlay"))) as Record<
    string,
    Value
  >;
  let faults = 0;
  // Each part alone: the whole of it would be decoded for every change.
  const trees = Object.values(whole["trees"] as Record<string, { stages: Value[] }>);
  const stages = trees.flatMap((tree) => tree.stages);
  const parts = Object.entries({ ...whole, trees: {}, treeStages: stages }).flatMap(
    ([name, value]): Record<string, Value>[] => {
      const field = name === "treeStages" ? "stages" : name;
      return Array.isArray(value)
        ? value.map((part) => ({ [field]: [part] }))
        : [{ [field]: value }];
    },
  );
  const forms = new Map(parts.map((part) => [formOf(part), part]));
  for (const part of forms.values()) {
    for (const other of changed(part, [...ODD, ...MANY])) {
      try {
        decodeYaml(JSON.stringify(other), "m.yaml", manifestDocument);
      } catch (error) {
        assert(error instanceof TowerError && error.code === "malformed", String(error));
        for (const line of error.message.split("\n").slice(1)) {
          assertEquals(FOREIGN.exec(line.slice(0, 2000)), null, line.slice(0, 2000));
          faults++;
        }
      }
    }
  }
  assertGreater(faults, 1000);
});
