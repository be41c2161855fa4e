import { assertEquals, assertThrows } from "@std/assert";
import { NotUnderstood } from "../../shell/host.ts";
import { inlineText } from "../../tree/content.ts";
import type { Entry } from "../../tree/entry.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { ScriptWorld } from "./script_world.ts";
import { testCommand } from "./test_command.ts";

const BASE = { uid: 0, gid: 0, mtime: 1, origin: "package:base" } as const;
const file = (path: string, mode: number): Entry => ({
  ...BASE,
  type: "file",
  path,
  mode,
  content: inlineText(""),
});
const ENTRIES: readonly Entry[] = [
  { ...BASE, type: "directory", path: "dir", mode: 0o755 },
  { ...BASE, type: "directory", path: "bare", mode: 0 },
  file("plain", 0o644),
  file("run", 0o010),
  file("suid", 0o4644),
  file("sgid", 0o2644),
  file("sticky", 0o1644),
  { ...BASE, type: "symlink", path: "link", mode: 0o777, target: "plain" },
  { ...BASE, type: "symlink", path: "to-dir", mode: 0o777, target: "dir" },
  { ...BASE, type: "symlink", path: "dangling", mode: 0o777, target: "nowhere" },
  { ...BASE, type: "char", path: "char", mode: 0o666, major: 1, minor: 3 },
  { ...BASE, type: "block", path: "block", mode: 0o660, major: 8, minor: 0 },
  { ...BASE, type: "fifo", path: "fifo", mode: 0o600 },
];

function world(): ScriptWorld {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  for (const entry of ENTRIES) tree.put(entry);
  const surroundings = {
    tree,
    reader: {
      open(): never {
        throw new Error("no contents");
      },
    },
    epoch: 1,
    later: new Set<string>(),
    written: new Set<string>(),
  };
  return new ScriptWorld(surroundings, "package:x");
}

const test = (...args: string[]) => testCommand(world(), args);

Deno.test("each question to a file is true for its kind alone", () => {
  const yes: Record<string, string> = {
    "-e": "dir bare plain run suid sgid sticky link to-dir char block fifo",
    "-r": "dir bare plain run suid sgid sticky link to-dir char block fifo",
    "-w": "dir bare plain run suid sgid sticky link to-dir char block fifo",
    "-f": "plain run suid sgid sticky link",
    "-d": "dir bare to-dir",
    "-p": "fifo",
    "-S": "",
    "-c": "char",
    "-b": "block",
    "-x": "dir bare run to-dir",
    "-u": "suid",
    "-g": "sgid",
    "-k": "sticky",
    "-L": "link to-dir dangling",
    "-h": "link to-dir dangling",
  };
  for (const [operator, names] of Object.entries(yes)) {
    const found = ENTRIES.map(({ path }) => path).filter((path) => test(operator, `/${path}`));
    assertEquals(found.join(" "), names, operator);
    assertEquals(test(operator, ""), false, operator);
    assertEquals(test(operator, "/absent"), false, operator);
  }
});

Deno.test("a slash at the end asks for a directory; of a link it is not understood", () => {
  assertEquals(["/dir/", "/to-dir/", "/plain/", "/absent/"].map((path) => test("-e", path)), [
    true,
    true,
    false,
    false,
  ]);
  assertThrows(() => test("-L", "/to-dir/"), NotUnderstood, "[ -L /to-dir/ ]");
  assertThrows(() => test("-h", "/to-dir/"), NotUnderstood, "[ -h /to-dir/ ]");
});

Deno.test("the number of arguments decides what they mean (XCU test)", () => {
  assertEquals(test(), false);
  assertEquals([test(""), test("x"), test("!"), test("-f")], [false, true, true, true]);
  assertEquals([test("!", "x"), test("!", "")], [false, true]);
  assertEquals([test("-n", "x"), test("-n", ""), test("-z", "x"), test("-z", "")], [
    true,
    false,
    false,
    true,
  ]);
  assertEquals([test("!", "-n", "x"), test("!", "-z", "x")], [false, true]);
  // A binary operator in the middle of three comes before the negation.
  assertEquals([test("!", "=", "!"), test("!", "!=", "!")], [true, false]);
  assertEquals([test("!", "a", "=", "b"), test("!", "a", "=", "a")], [true, false]);
  for (
    const args of [
      ["a", "=", "b", "c"],
      ["!", "!", "a", "=", "b"],
      ["!", "a", "=", "b", "c"],
      ["!", "-a", "x"],
      ["a", "-nt", "b"],
      ["a", "constructor", "b"],
      ["-t", "0"],
      ["-toString", "x"],
      ["toString", "x"],
      ["toString", ""],
    ]
  ) assertThrows(() => test(...args), NotUnderstood, `[ ${args.join(" ")} ]`);
});

Deno.test("texts and numbers are compared", () => {
  const of = (operator: string) =>
    [["1", "2"], ["2", "2"], ["3", "2"]].map(([a, b]) => Number(test(a!, operator, b!))).join("");
  const operators = ["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
  assertEquals(operators.map((operator) => `${operator} ${of(operator)}`), [
    "= 010",
    "== 010",
    "!= 101",
    "-eq 010",
    "-ne 101",
    "-lt 100",
    "-le 110",
    "-gt 001",
    "-ge 011",
  ]);
  assertEquals([test("010", "-eq", "10"), test("010", "=", "10")], [true, false]);
  assertEquals(test("-5", "-lt", "123456789"), true);
  for (const bad of ["", "x", "1.5", " 1", "1234567890", "0x10"]) {
    assertThrows(() => test(bad, "-eq", "1"), NotUnderstood);
  }
});
