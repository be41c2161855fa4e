import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { TowerError } from "../errors.ts";
import { byteSize, fileMode, treePath } from "./scalars.ts";
import { decodeYaml } from "./yaml_document.ts";

const schema = z.strictObject({
  name: z.string(),
  list: z.array(z.strictObject({ size: byteSize, mode: fileMode.optional() })).default([]),
});

function faults(text: string): string {
  return assertThrows(() => decodeYaml(text, "m.yaml", schema), TowerError).message;
}

Deno.test("decodeYaml() decodes sizes and modes", () => {
  const value = decodeYaml(`name: a\nlist: [{size: 2MiB, mode: "0640"}]\n`, "m.yaml", schema);
  assertEquals(value, { name: "a", list: [{ size: 2 << 20, mode: 0o640 }] });
  assertEquals(byteSize.parse("0B"), 0);
});

Deno.test("decodeYaml() names file, line and field of all faults at once", () => {
  const message = faults("nam: a\nlist:\n  - size: 2MB\n  - size: 1GiB\n    mode: 644\n");
  assertStringIncludes(message, '"m.yaml": 4 faults');
  assertStringIncludes(message, 'm.yaml:1:1: nam: is not a known field; did you mean "name"?');
  assertStringIncludes(message, "m.yaml:3:11: list[0].size: must be a whole number");
  assertStringIncludes(message, "m.yaml:5:11: list[1].mode:");
  assertStringIncludes(message, "name:");
});

Deno.test("decodeYaml() tells the faults of the form that comes nearest, and what is missing", () => {
  const file = z.strictObject({ path: treePath, mode: fileMode });
  const link = z.strictObject({ path: treePath, symlink: z.string() });
  const either = z.strictObject({ files: z.array(z.union([file, link])) });
  const told = (text: string) =>
    assertThrows(() => decodeYaml(text, "m.yaml", either), TowerError).message.split("\n").slice(1);
  assertEquals(told("files:\n  - {path: /a, mode: 644}\n  - {path: a, symlink: x}\n"), [
    '  m.yaml:2:22: files[0].mode: must be octal in quotes, such as "0755"',
    "  m.yaml:3:12: files[1].path: must start with /",
  ]);
  assertEquals(told("files: [{path: /a, link: x}, 7]\n"), [
    "  m.yaml:1:9: files[0].mode: is missing",
    "  m.yaml:1:20: files[0].link: is not a known field",
    "  m.yaml:1:30: files[1]: must be fields with values, not a number",
  ]);
  assertEquals(told("{}\n"), ["  m.yaml:1:1: files: is missing"]);
});

Deno.test("decodeYaml() says what was meant, and of secrets nothing", () => {
  const release = z.strictObject({
    version: z.string(),
    kind: z.enum(["disk", "archive"]),
    count: z.int().optional(),
    on: z.boolean().optional(),
    users: z.array(z.strictObject({ name: z.string() })).optional(),
    password: z.string().optional(),
  });
  const told = (text: string) =>
    assertThrows(
      () => decodeYaml(text, "m.yaml", release, (path) => path.at(-1) === "password"),
      TowerError,
    ).message.split("\n").slice(1).map((line) => line.trim());
  assertEquals(told("version: 1.10\nkind: dsik\ncount: few\non: 'yes'\nusers: {a: 1}\n"), [
    'm.yaml:1:10: version: must be text, not a number: write "1.10" in quotes',
    'm.yaml:2:7: kind: must be one of disk, archive; did you mean "disk"?',
    "m.yaml:3:8: count: must be a number, not text",
    "m.yaml:4:5: on: must be true or false, not text",
    "m.yaml:5:8: users: must be a list, not fields with values",
  ]);
  assertEquals(told("version:\nkind: disk\nusers:\n  - nmae: x\n  - [a]\n"), [
    "m.yaml:1:9: version: must be text, not nothing",
    "m.yaml:4:5: users[0].name: is missing",
    'm.yaml:4:5: users[0].nmae: is not a known field; did you mean "name"?',
    "m.yaml:5:5: users[1]: must be fields with values, not a list",
  ]);
  assertEquals(told("version: '1'\nkind: disk\npassword: 1234\n"), [
    "m.yaml:3:11: password: must be text, not a number: write it in quotes",
  ]);
  assertEquals(told("version: *one\nkind: disk\n"), [
    'm.yaml:1:10: "*one" stands for what "&one" marks before it, and nothing does; ' +
    "text that begins with * stands in quotes",
  ]);
  assertEquals(told(""), ["m.yaml:1:1: must be fields with values, not nothing"]);
});

Deno.test("decodeYaml() tells why a name is none", () => {
  const named = z.record(z.string().regex(/^[a-z]+$/, "must be a-z"), z.int());
  const error = assertThrows(() => decodeYaml("a: 1\nB: 2\n", "m.yaml", named), TowerError);
  assertEquals(error.message.split("\n")[1]!.trim(), "m.yaml:2:4: B: must be a-z");
});

Deno.test("decodeYaml() refuses doubled keys, broken syntax, tags and alias bombs", () => {
  assertStringIncludes(faults("name: a\nname: b\n"), "m.yaml:2:1");
  assertStringIncludes(faults("name: [a\n"), "m.yaml:2:1");
  assertStringIncludes(faults("name: !!python/object x\n"), "m.yaml:1:");
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (let i = 0; i < 8; i++) {
    const [from, to] = ["abcdefghi"[i], "abcdefghi"[i + 1]];
    bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(",")}]`);
  }
  const error = assertThrows(() => decodeYaml(bomb.join("\n"), "m.yaml", schema), TowerError);
  assertEquals(error.code, "limit");
});

Deno.test("decodeYaml() quotes a number that is meant as text, unless it is long", () => {
  assertStringIncludes(faults("name: 12\n"), 'not a number: write "12" in quotes');
  assertStringIncludes(faults(`name: ${"1".repeat(64)}\n`), "not a number: write it in quotes");
});

Deno.test("decodeYaml() bounds the text and survives a prototype key", () => {
  const error = assertThrows(
    () => decodeYaml("#".repeat((1 << 20) + 1), "m.yaml", schema),
    TowerError,
  );
  assertEquals(error.code, "limit");
  assertStringIncludes(faults("name: a\n__proto__: {x: 1}\n"), "__proto__");
  assert(!("x" in {}));
});

Deno.test("treePath decodes to the tree's form and refuses detours", () => {
  assertEquals(treePath.parse("/etc/motd"), "etc/motd");
  for (const bad of ["etc", "/", "/etc/", "/a/../b", "//a", "/a\n"]) {
    assert(!treePath.safeParse(bad).success, bad);
  }
});
