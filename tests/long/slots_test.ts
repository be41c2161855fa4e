/** Slots without UEFI, counted by the initramfs. */
import { named } from "../support/program/missing_programs.ts";
import {
  leaveBadUpdate,
  SlotMachine,
  slotsMissing,
  takeGoodUpdate,
} from "../support/machine/slot_starts.ts";

Deno.test({
  ...named("slots are counted without UEFI too", slotsMissing("bios")),
  async fn() {
    using machine = await SlotMachine.create("bios");
    await takeGoodUpdate(machine);
    await leaveBadUpdate(machine, "panic", /Kernel panic - not syncing: sysrq triggered crash/);
  },
});
