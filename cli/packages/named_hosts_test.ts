import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { testHost } from "../../lib/fleet/test_host.ts";
import { machinesAndPackages, wordsBehindDashes } from "./named_hosts.ts";
import type { PackageMachine } from "./package_machine.ts";

const inventory = { hosts: ["vault", "keys"].map((name) => testHost(name)), broken: [] };
const machines = {
  names: new Set(["vault", "keys"]),
  find: (name: string) => ({ name: findHost(inventory, name).name as string }) as PackageMachine,
};

Deno.test("hosts stand before packages, and -- ends them", () => {
  const told = (words: string[]) => {
    const plain = words.filter((word) => word !== "--");
    const { named, packages } = machinesAndPackages(machines, plain, wordsBehindDashes(words));
    return [named.map(({ name }) => name), packages];
  };
  assertEquals(told(["vault", "wget"]), [["vault"], ["wget"]]);
  assertEquals(told(["vault", "keys", "wget", "vault"]), [["vault", "keys"], ["wget", "vault"]]);
  assertEquals(told(["vault", "--", "keys"]), [["vault"], ["keys"]]);
  assertEquals(told(["vault", "keys", "--", "vault", "x"]), [["vault", "keys"], ["vault", "x"]]);
  for (
    const [words, says] of [
      [["valt", "wget"], 'did you mean "vault"'],
      [["vault", "keys"], '"keys" is a host'],
      [["vault", "vault", "wget"], '"vault" twice'],
    ] as const
  ) assertThrows(() => told([...words]), TowerError, says);
});
