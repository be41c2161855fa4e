import { readOwnIfThere } from "../../lib/files/own_file.ts";
import type { PackageMachine } from "./package_machine.ts";

const LIMIT = 1 << 20;

/** The world of a machine as it was kept last; undefined where none was. */
export function keptWorld({ folder }: PackageMachine): string[] | undefined {
  const bytes = readOwnIfThere(`${folder}/world`, LIMIT);
  return bytes && new TextDecoder().decode(bytes).split(/\s+/).filter((item) => item !== "");
}

/** Keeps the world of a machine. */
export function keepWorld(machine: PackageMachine, world: readonly string[]): Promise<void> {
  const text = world.map((item) => `${item}\n`).join("");
  return machine.keep("world", new TextEncoder().encode(text));
}
