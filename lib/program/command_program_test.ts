import { assertEquals } from "@std/assert";
import { chosenCommands } from "./command_program.ts";

Deno.test("a command line makes the command that it begins with, or all of them", () => {
  const commands = { list: 1, status: 2, manual: 3 };
  const chosen = (...args: string[]) => chosenCommands(commands, args);
  assertEquals(chosen("status", "--json"), [2]);
  for (const args of [[], ["--help"], ["help", "list"], ["-q", "list"], ["lst"], ["toString"]]) {
    assertEquals(chosen(...args), [1, 2, 3], args.join(" "));
  }
  assertEquals(chosen("manual"), [1, 2, 3], "it tells of all the others");
});
