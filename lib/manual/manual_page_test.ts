import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { CommandNode } from "../completion/command_tree.ts";
import { manualPage, manualText } from "./manual_page.ts";

const run: CommandNode = {
  name: "run",
  description: '.Start \\fB it\'s "here"',
  options: [],
  arguments: [
    { name: "file", description: "what to run", isRequired: true, isVariadic: false, choices: [] },
    { name: "words", description: "", isRequired: false, isVariadic: true, choices: [] },
  ],
  commands: [],
};
const program: CommandNode = {
  name: "tool",
  description: "Do things.",
  options: [{
    short: "-o",
    long: "--output",
    usage: "-o, --output <dir>",
    description: "where it goes",
    takesValue: true,
    choices: [],
  }],
  arguments: [],
  commands: [run],
};
const facts = { version: "1.2.3", exitCodes: [[0, "done"], [1, "failed"]] } as const;

Deno.test("the text names each command, its arguments and options, and the exit codes", () => {
  const text = manualText(program, facts);
  assertMatch(text, /^NAME\n {2}tool - Do things\n/);
  assertStringIncludes(text, "  tool [options] <command>\n");
  assertStringIncludes(text, "TOOL RUN\n  tool run [options] <file> [words...]\n");
  assertStringIncludes(text, "  -o, --output <dir>\n      where it goes\n");
  assertStringIncludes(text, "  1  failed\n");
});

Deno.test("no text of a command drives roff", () => {
  const lines = manualPage(program, facts).split("\n");
  const requests = lines.filter((line) => /^[.']/.test(line)).map((line) => line.split(" ")[0]);
  assertEquals([...new Set(requests)].sort(), [".B", ".I", ".PP", ".SH", ".TH", ".TP"]);
  assertStringIncludes(lines.join("\n"), "\\&.Start \\efB it's \\(dqhere\\(dq");
});
