/** Updates that fail more quietly than by a panic. */
import { named } from "../support/program/missing_programs.ts";
import {
  leaveBadUpdate,
  SlotMachine,
  slotsMissing,
  takeGoodUpdate,
} from "../support/machine/slot_starts.ts";

Deno.test({
  ...named("a slot that never works is left, by its deadline", slotsMissing("bios")),
  async fn() {
    using machine = await SlotMachine.create("bios");
    await takeGoodUpdate(machine);
    await leaveBadUpdate(machine, "unhealthy", /slot a does not work: .*health.d\/never failed/);
  },
});

Deno.test({
  ...named("a slot that hangs is left, by the watchdog", slotsMissing("uefi")),
  async fn() {
    using machine = await SlotMachine.create("uefi");
    await takeGoodUpdate(machine);
    await leaveBadUpdate(machine, "hang", /^hangs/m);
  },
});
