import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import type { PackageMachine } from "../package_machine.ts";
import { machinesOfBundle } from "./machines_of_bundle.ts";

const names = new Set(["vault", "keys", "office"]);
const machines = {
  names,
  find(name: string) {
    if (!names.has(name)) throw new TowerError("not-found", "there is none");
    return { name } as PackageMachine;
  },
};

function named(line: string, made: Readonly<Record<string, readonly string[]>>) {
  const document = {
    format: 1 as const,
    for: Object.entries(made).map(([host, packages]) => ({
      ...host === "any" ? {} : { host },
      arch: "x86_64",
      packages: [...packages],
    })),
    repositories: [],
  };
  const args = line.split(" ");
  const words = args.filter((word) => word !== "--");
  const found = machinesOfBundle(machines, words, args, { document, path: "/b" });
  return found.named.map((one) => `${one.name}: ${found.packagesOf(one).join(" ")}`);
}

Deno.test("hosts that are named alone get what a bundle was made for", () => {
  const made = { vault: ["wget"], keys: ["curl", "iw"] };
  assertEquals(named("vault", made), ["vault: wget"]);
  assertEquals(named("keys vault", made), ["keys: curl iw", "vault: wget"]);
  assertEquals(named("office", { any: ["wget"] }), ["office: wget"]);
  assertEquals(named("vault", { any: ["wget"], vault: ["iw"] }), ["vault: wget iw"]);
  const error = assertThrows(() => named("office", made), TowerError, '"office" is to get');
  assertEquals(error.code, "usage");
});

Deno.test("packages that are named win, also one that is called like a host", () => {
  const made = { vault: ["wget"] };
  assertEquals(named("vault keys iw", made), ["vault: iw", "keys: iw"]);
  assertEquals(named("vault -- keys", made), ["vault: keys"]);
  assertThrows(() => named("nobody", made), TowerError);
});
