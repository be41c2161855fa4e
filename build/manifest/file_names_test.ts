import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { filesOf, type OutputSpec } from "../kinds/outputs.ts";
import { isOwnFile } from "./file_names.ts";
import { loadManifest } from "./manifest.ts";

Deno.test("a compressed image has its suffix, its block map the name of the raw image", () => {
  const names = (compression: "none" | "gzip" | "zstd" | "xz") =>
    filesOf({ kind: "disk", file: "a.img", compression } as OutputSpec);
  assertEquals(names("none"), ["a.img", "a.img.bmap"]);
  assertEquals(names("gzip"), ["a.img.gz", "a.img.bmap"]);
  assertEquals(names("zstd"), ["a.img.zst", "a.img.bmap"]);
  assertEquals(names("xz"), ["a.img.xz", "a.img.bmap"]);
  assertEquals(filesOf({ kind: "tar", file: "a.tar", compression: "gzip" } as OutputSpec), [
    "a.tar",
  ]);
});

Deno.test("a build keeps its own names", () => {
  for (
    const file of ["record.json", "record.json.sig", "SHA256SUMS", "x.tree.json", "y.lock.json"]
  ) assert(isOwnFile("x", file), file);
  assert(!isOwnFile("x", "y.tree.json"));
});

/** Loads a manifest of two outputs. */
function load(...outputs: object[]) {
  const text = JSON.stringify({
    name: "demo",
    arches: ["x86_64"],
    repositories: ["lab"],
    stages: [{ kind: "packages", world: ["a"] }],
    outputs,
  });
  return loadManifest("m.yaml", {
    systemPath: () => undefined,
    systemNames: () => [],
    manifestNames: () => [],
    kindOf: () => undefined,
    readText: () => text,
    beside: (_, path) => path,
    folderOf: () => "/",
  });
}
const disk = (file: string, compression?: string) => ({
  kind: "disk",
  file,
  table: "gpt",
  boot: { free: "1MiB" },
  root: { free: "1MiB" },
  loaders: ["syslinux"],
  flavour: "virt",
  initramfs: "/boot/i",
  ...(compression ? { compression } : {}),
});

Deno.test("a manifest's outputs may not take one another's names, or the build's", () => {
  assertEquals(load(disk("a.img", "xz"), disk("b.img")).outputs.length, 2);
  const refused = (message: string, ...outputs: object[]) =>
    assertThrows(() => load(...outputs), TowerError, message);
  refused('"a.img.gz"', disk("a.img", "gzip"), { kind: "tar", file: "a.img.gz" });
  refused('"a.img.bmap"', disk("a.img", "gzip"), disk("a.img"));
  refused('"a.img.bmap"', disk("a.img"), { kind: "tar", file: "a.img.bmap" });
  refused('"SHA256SUMS"', { kind: "tar", file: "SHA256SUMS" });
  refused('"demo.tree.json"', { kind: "tar", file: "demo.tree.json" });
  refused("compression", disk("a.img", "lz4"));
});
