import type { BundleDocument } from "../../../lib/bundle/document.ts";
import { TowerError } from "../../../lib/errors.ts";
import type { Machines } from "../machines.ts";
import { machinesAndPackages, wordsBehindDashes } from "../named_hosts.ts";
import type { PackageMachine } from "../package_machine.ts";

/** Machines that get packages of a bundle, and which. */
export interface MachinesOfBundle {
  readonly named: readonly PackageMachine[];
  readonly packagesOf: (machine: PackageMachine) => readonly string[];
}

/**
 * Tells machines from packages on a command line; where it names none, each machine gets what the bundle was
 * made for: for that machine, or for none by name.
 * @throws {TowerError} `usage` where the bundle is not for one, and as {@linkcode machinesAndPackages}
 */
export function machinesOfBundle(
  machines: Pick<Machines, "names" | "find">,
  words: readonly string[],
  args: readonly string[],
  { document, path }: { readonly document: BundleDocument; readonly path: string },
): MachinesOfBundle {
  const literal = wordsBehindDashes(args);
  if (literal > 0 || !words.every((word) => machines.names.has(word))) {
    const { named, packages } = machinesAndPackages(machines, words, literal);
    return { named, packagesOf: () => packages };
  }
  const named = [...new Set(words)].map((word) => machines.find(word));
  const packagesOf = ({ name }: PackageMachine) => [
    ...new Set(
      document.for.filter(({ host }) => host === undefined || host === name)
        .flatMap(({ packages }) => packages),
    ),
  ];
  for (const machine of named) {
    if (packagesOf(machine).length > 0) continue;
    const others = document.for.map(({ host }) => `"${host}"`).join(", ");
    const message =
      `Cannot tell which packages "${machine.name}" is to get: "${path}" is for ${others}`;
    throw new TowerError("usage", message, { hint: "Name packages behind the host" });
  }
  return { named, packagesOf };
}
