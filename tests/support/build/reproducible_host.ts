import { assertEquals } from "@std/assert";
import type { Arch } from "../../../lib/brand.ts";
import { hostMissing } from "./host_system.ts";
import { labMissing, shareLab } from "./lab_system.ts";
import { SharedProgram } from "../program/shared_program.ts";
import { buildTwice, twoMachinesMissing } from "./two_machines.ts";

/** Why the image of an architecture cannot be built by two users here, or undefined. */
export function reproducibleHostMissing(arch: Arch): string | undefined {
  return hostMissing() ?? labMissing(arch) ?? twoMachinesMissing();
}

/** The image of a host as it is handed out is the same bytes, whoever builds it. */
export async function hostIsReproducible(arch: Arch): Promise<void> {
  using program = await SharedProgram.make();
  const options = await shareLab(program, arch);
  const [one, other] = await buildTwice(program, "host", "--arch", arch, ...options);
  assertEquals(one.record.arch, arch);
  assertEquals(other, one);
}
