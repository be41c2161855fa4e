import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { testHost } from "../../lib/fleet/test_host.ts";
import { hostsAndPackages, wordsBehindDashes } from "./named_hosts.ts";

const inventory = { hosts: ["vault", "keys"].map((name) => testHost(name)), broken: [] };

Deno.test("hosts stand before packages, and -- ends them", () => {
  const told = (words: string[]) => {
    const plain = words.filter((word) => word !== "--");
    const { hosts, packages } = hostsAndPackages(inventory, plain, wordsBehindDashes(words));
    return [hosts.map(({ name }) => name as string), packages];
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
