import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { appletPaths } from "./busybox_applets.ts";

/** Applets in order, each with the number of its folder. */
const APPLETS: readonly (readonly [name: string, folder: number])[] = [
  ["[", 3],
  ["ash", 1],
  ["awk", 3],
  ["cat", 1],
  ["chroot", 4],
  ["ifconfig", 2],
  ["init", 2],
  ["linuxrc", 0],
  ["ls", 1],
];
const NAMES = `junk\x01\0${APPLETS.map(([name]) => `${name}\0`).join("")}\0\0`;

/** A program with a table of names and, so many times, one of folders. */
function program(tables: number): Uint8Array {
  const folders = Array.from(
    { length: Math.ceil(APPLETS.length / 2) },
    (_, i) => APPLETS[2 * i]![1] | (APPLETS[2 * i + 1]?.[1] ?? 0) << 4,
  );
  const gap = [0xff, 0xff];
  const text = [...new TextEncoder().encode(NAMES)];
  return new Uint8Array([
    ...gap,
    ...Array.from({ length: tables }, () => [...folders, ...gap]).flat(),
    ...text,
    ...gap,
  ]);
}

Deno.test("appletPaths() joins the tables of names and folders", () => {
  assertEquals(appletPaths(program(1)), [
    ...["usr/bin/[", "bin/ash", "usr/bin/awk", "bin/cat", "usr/sbin/chroot", "sbin/ifconfig"],
    ...["sbin/init", "linuxrc", "bin/ls"],
  ]);
});

Deno.test("appletPaths() refuses what has no table of folders, two of them, or no names", () => {
  assertThrows(() => appletPaths(program(0)), TowerError, "it has 0 tables");
  assertThrows(() => appletPaths(program(2)), TowerError, "it has 2 tables");
  assertThrows(() => appletPaths(new Uint8Array(1000)), TowerError, "there is no ash");
});
