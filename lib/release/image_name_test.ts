import { assertEquals } from "@std/assert";
import { compareImages } from "./image_name.ts";

Deno.test("E11: images are ordered by version number, then by time; the plain of two forms is last", () => {
  const names = [
    "toweros-host-0.9-20250101000000.img.xz",
    "toweros-host-0.10-20240101000000.img",
    "toweros-host-0.10-20240102000000.img.zst",
    "toweros-host-0.10-20240102000000.img",
    "toweros-host-0.10.1-20230101000000.img.gz",
    "toweros-host-1.0-20230101000000.img",
    "toweros-host-1.0rc1-20230101000000.img",
  ];
  assertEquals([...names].reverse().sort(compareImages), names);
});
