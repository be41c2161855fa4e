import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { parseSlotSystem, slotSystemText } from "./slot_system.ts";

Deno.test("what a system says it is can be read again, with a version and without", () => {
  for (const version of ["0.10.0", "1.4+x_2", undefined]) {
    const system = { system: "thin-client", version, epoch: 1_764_288_000 };
    assertEquals(parseSlotSystem(slotSystemText(system), "x"), system);
  }
});

Deno.test("what does not say what a system is is refused", () => {
  for (
    const text of [
      ...["", "system=a\n", "epoch=1\n", "system=A\nepoch=1\n", "system=a\nepoch=-1\n"],
      ...["system=a\nepoch=1", "system=a\nversion=\x1b[2J\nepoch=1\n", "system=a\nepoch=1\nx=1\n"],
      ...["system=a\nversion=-1\nepoch=1\n", `system=a\nepoch=${"1".repeat(13)}\n`],
    ]
  ) {
    assertEquals(
      assertThrows(() => parseSlotSystem(text, "x"), TowerError).code,
      "malformed",
    );
  }
});
