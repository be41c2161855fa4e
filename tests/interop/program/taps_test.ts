import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { requireTaps } from "../../../lib/lab/cables.ts";
import { tempDir } from "../../../lib/files/files.ts";

Deno.test("where no tap can be made that is said with what mends it, before anything is built", () => {
  using folder = tempDir();
  const device = `${folder.path}/tun`;
  const error = assertThrows(() => requireTaps(device), TowerError);
  assertEquals(error.message, `Cannot plug in machines: "${device}" does not open`);
  assertEquals(error.hint, `as root: modprobe tun; chmod 666 ${device}`);
  Deno.writeTextFileSync(device, "");
  requireTaps(device);
});
