import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandTree as buildTree } from "../../build/root.ts";
import { commandTree as towerTree } from "../../cli/root.ts";
import { describeCommand, placesOf } from "../../lib/completion/command_tree.ts";
import { newEnding } from "../../lib/program/ending.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";
import { TestProgram } from "../support/program/test_program.ts";

/** A program in a terminal of some width. */
const PROGRAMS = {
  "tower-build": (columns: number) => {
    const program = new TestProgram({ columns });
    return { program, tree: buildTree(program.env, newEnding()) };
  },
  tower: (columns: number) => {
    const program = new TowerProgram({ columns });
    return { program, tree: towerTree(program.env) };
  },
};

for (const [name, open] of Object.entries(PROGRAMS)) {
  Deno.test(`the help of ${name} and its commands fits terminals of 40 columns and more`, async () => {
    for (const columns of [40, 57, 80, 200]) {
      const { program, tree } = open(columns);
      using _ = program;
      for (const { path } of placesOf(describeCommand(tree))) {
        const { out } = await program.run(...path, "--help");
        assert(out.includes("-h, --help"), `${path}: ${out}`);
        const most = Math.min(columns, 100);
        assertEquals(out.split("\n").filter((line) => line.length > most), [], `${columns}`);
      }
    }
  });
}

Deno.test("where there is little room, what an option means stands below it", async () => {
  using program = new TestProgram({ columns: 40 });
  const { out } = await program.run("flash", "--help");
  assertStringIncludes(
    out,
    "\n  --zero-device\n      write zeros over the whole device\n      first\n",
  );
});
