import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { parseApkState } from "./apk_state.ts";

const GOOD = [
  ...["=arch", "|x86_64", "=world", "|musl", "|b=1.2-r0", "|"],
  ...["=repositories", "|# none", "|https://example.org/v3.22/main", "|@t http://example.org/t"],
  ...["=installed", "|C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "|P:musl", "|V:1.2.5-r0", "|A:x86_64"],
  ...["|S:10", "|I:20", "|T:libc", "|U:https://example.org", "|L:MIT", "|", "=keys"],
];
const parse = (lines: readonly string[]) =>
  parseApkState(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));

Deno.test("what apk knows of a host is read", () => {
  const { arch, world, repositories, installed, keys } = parse(GOOD);
  assertEquals([arch, world, keys], ["x86_64", ["musl", "b=1.2-r0"], []]);
  assertEquals(repositories.map(({ url, tag }) => [url, tag]), [
    ["https://example.org/v3.22/main", undefined],
    ["http://example.org/t", "t"],
  ]);
  assertEquals(installed.map(({ name, version }) => [name, version]), [["musl", "1.2.5-r0"]]);
});

Deno.test("virtual packages, such as a host's initramfs, are among those that are there", () => {
  const virtual = GOOD.map((line) => line === "|P:musl" ? "|P:.initramfs-lts" : line);
  assertEquals(parse(virtual).installed.map(({ name }) => name), [".initramfs-lts"]);
});

Deno.test("an answer that is none is refused, whatever it is", () => {
  const changed = (from: string, ...to: string[]) =>
    GOOD.flatMap((line) => line === from ? to : [line]);
  const answers = [
    [],
    changed("=arch", "=other"),
    changed("|x86_64", "|../x86"),
    changed("|musl", "|--root=/"),
    changed("|musl", "|a=none"),
    changed("|https://example.org/v3.22/main", "|ftp://example.org"),
    changed("|https://example.org/v3.22/main", "|http://["),
    changed("|https://example.org/v3.22/main", "|http://a:99999/"),
    changed("|https://example.org/v3.22/main", "|http://example.org/x?a=b"),
    changed("|P:musl", "|P:../musl"),
    changed("|P:musl", "|P:."),
    changed("|P:musl", "|P:..x"),
    changed("|V:1.2.5-r0", "|V:none"),
    changed("=keys", "=keys", "|@../key.pub", "|-----BEGIN PUBLIC KEY-----"),
    changed("=repositories", "=repositories", ...Array(40).fill("|http://example.org/x")),
  ];
  for (const lines of answers) {
    // What a host has is never the user's wrong command line.
    assertEquals(assertThrows(() => parse(lines), TowerError).code, "malformed");
  }
  for (
    const [from, says] of [
      ["|x86_64", "it has no apk"],
      ["=world", "it has no world"],
      ["=installed", "it has no installed"],
    ] as const
  ) {
    assertThrows(() => parse(changed(from)), TowerError, says);
  }
});
