/** Slots under UEFI, counted by systemd-boot: a good update stays, and one that panics is left. */
import { named } from "../support/program/missing_programs.ts";
import {
  leaveBadUpdate,
  SlotMachine,
  slotsMissing,
  takeGoodUpdate,
} from "../support/machine/slot_starts.ts";

Deno.test({
  ...named("a new slot is tried and stays; one that panics is left for good", slotsMissing("uefi")),
  async fn() {
    using machine = await SlotMachine.create("uefi");
    await takeGoodUpdate(machine);
    await leaveBadUpdate(machine, "panic", /Kernel panic - not syncing: sysrq triggered crash/);
  },
});
