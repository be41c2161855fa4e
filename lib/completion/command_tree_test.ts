import { assertEquals, assertThrows } from "@std/assert";
import { type CommandSource, describeCommand, placesOf } from "./command_tree.ts";

function source(name: string, changes: Partial<CommandSource> = {}): CommandSource {
  return {
    name: () => name,
    description: () => `${name} it`,
    options: [],
    registeredArguments: [],
    commands: [],
    ...changes,
  };
}

const option = (flags: string, choices?: string[]) => ({
  flags,
  short: /^-\w\b/.exec(flags)?.[0],
  long: /--[\w-]+/.exec(flags)?.[0],
  description: "",
  required: flags.includes("<"),
  optional: flags.includes("["),
  hidden: false,
  argChoices: choices,
});

Deno.test("a tree keeps what is shown and adds the help option", () => {
  const tree = describeCommand(source("tool", {
    options: [option("-o, --output <dir>"), { ...option("--secret"), hidden: true }],
    commands: [source("run")],
  }));
  assertEquals(tree.options.map((o) => [o.short, o.long, o.takesValue]), [
    ["-o", "--output", true],
    ["-h", "--help", false],
  ]);
  assertEquals(placesOf(tree).map(({ path }) => path), [[], ["run"]]);
});

Deno.test("a name that a shell would not take as one plain word is refused", () => {
  for (const name of ["a b", "$(id)", "a'b", "-x", ""]) {
    assertThrows(() => describeCommand(source(name)), RangeError, "no plain word");
  }
  const bad = source("tool", { options: [option("--pick <x>", ["`id`"])] });
  assertThrows(() => describeCommand(bad), RangeError);
});
