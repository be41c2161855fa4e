import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { makeFolders } from "../../lib/files/folders.ts";

Deno.test("a folder where the kernel takes none is refused in plain words, and at once", () => {
  const error = assertThrows(() => makeFolders("/proc/tower/deep"), TowerError);
  assertEquals(
    [error.code, error.message],
    ["permission", 'Cannot make the folder "/proc/tower": none can be made in "/proc"'],
  );
});
