import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { addressAt, ipAddress, ipNetwork } from "../ip/address.ts";
import { type AddressedHost, allocateAddress, planOf, TOWER_PLAN } from "./address_plan.ts";

const host = (name: string, address: string): AddressedHost => ({
  name,
  address: ipAddress(address),
});

Deno.test("E3: hosts get consecutive addresses from .200, in both networks", () => {
  for (const side of ["online", "offline"] as const) {
    const hosts: AddressedHost[] = [];
    const net = side === "online" ? 2 : 3;
    for (let i = 0; i < 55; i++) {
      const address = allocateAddress(TOWER_PLAN, side, `h${i}`, hosts);
      assertEquals(address, ipAddress(`192.168.${net}.${200 + i}`));
      hosts.push({ name: `h${i}`, address });
    }
    const error = assertThrows(() => allocateAddress(TOWER_PLAN, side, "late", hosts), TowerError);
    assertEquals(error.code, "limit");
    assertStringIncludes(error.message, "all 55");
  }
});

Deno.test("E3: a host keeps its address when it is provisioned again", () => {
  const hosts = [host("a", "192.168.2.200"), host("b", "192.168.2.207")];
  assertEquals(allocateAddress(TOWER_PLAN, "online", "b", hosts), hosts[1]!.address);
  assertEquals(allocateAddress(TOWER_PLAN, "online", "c", hosts), ipAddress("192.168.2.201"));
});

Deno.test("a host that changes its network gets an address there; a freed one is used again", () => {
  const hosts = [host("a", "192.168.2.200"), host("b", "192.168.2.201")];
  assertEquals(allocateAddress(TOWER_PLAN, "offline", "a", hosts), ipAddress("192.168.3.200"));
  assertEquals(allocateAddress(TOWER_PLAN, "online", "c", [hosts[1]!]), ipAddress("192.168.2.200"));
});

Deno.test("the router is not given an address that another host has", () => {
  const web = { name: "web", address: TOWER_PLAN.online.router };
  assertThrows(
    () => allocateAddress(TOWER_PLAN, "online", "router", [web]),
    TowerError,
    '"web" has it',
  );
});

Deno.test("the router has its own address, and nobody gets the thin client's or the router's", () => {
  assertEquals(allocateAddress(TOWER_PLAN, "online", "router", []), ipAddress("192.168.2.1"));
  const plan = { ...TOWER_PLAN, online: { ...TOWER_PLAN.online, firstHost: 99 } };
  const hosts = [host("a", "192.168.2.99")];
  assertEquals(allocateAddress(plan, "online", "b", hosts), ipAddress("192.168.2.101"));
  const stolen = [host("b", "192.168.2.100")];
  assertEquals(allocateAddress(plan, "online", "b", stolen), ipAddress("192.168.2.99"));
});

Deno.test("a network that spans two quads gives addresses across the border", () => {
  const plan = planOf({
    online: { network: "10.0.0.0/23", thinClient: "10.0.0.2", router: "10.0.0.1", firstHost: 255 },
    offline: { network: "10.1.0.0/29", thinClient: "10.1.0.1", firstHost: 2 },
  });
  const taken = [{ name: "a", address: addressAt(plan.online.network, 255) }];
  assertEquals(allocateAddress(plan, "online", "b", taken), ipAddress("10.0.1.0"));
});

Deno.test("every broken rule of a plan is named at once", () => {
  const text = {
    online: {
      network: "192.168.2.0/24",
      thinClient: "192.168.2.1",
      router: "192.168.2.1",
      firstHost: 0,
    },
    offline: { network: "192.168.2.128/25", thinClient: "192.168.3.100", firstHost: 200 },
  };
  const error = assertThrows(() => planOf(text), TowerError);
  assertEquals(error.code, "usage");
  for (
    const part of ["same address", "first host 0", "first host 200", 'thin client "192.168.3.100"']
  ) assertStringIncludes(error.message, part);
  const one = { network: "8.8.8.0/24", thinClient: "8.8.8.1", firstHost: 2 };
  assertThrows(() => planOf({ ...text, offline: one }), TowerError, "must be private");
  const two = { network: "192.168.0.0/16", thinClient: "192.168.0.1", firstHost: 2 };
  assertThrows(() => planOf({ ...text, offline: two }), TowerError, "overlap");
});

Deno.test("networks have eight addresses at least and 65536 at most", () => {
  const offline = { network: "10.9.0.0/29", thinClient: "10.9.0.1", firstHost: 2 };
  const online = (network: string, start: string) => ({
    network,
    thinClient: `${start}.2`,
    router: `${start}.1`,
    firstHost: 3,
  });
  for (const [network, start] of [["10.1.0.0/29", "10.1.0"], ["10.1.0.0/16", "10.1.0"]] as const) {
    assertEquals(planOf({ online: online(network, start), offline }).online.firstHost, 3);
  }
  for (const network of ["10.1.0.0/30", "10.1.0.0/31", "10.1.0.0/32", "10.2.0.0/15"]) {
    const text = { online: online(network, "10.1.0"), offline };
    assertThrows(() => planOf(text), TowerError, `"${network}" must be private, from /16 to /29`);
  }
});

Deno.test("the first host has the first address or the last one, and not those beyond", () => {
  const plan = (firstHost: number) =>
    planOf({
      online: { network: "10.1.0.0/29", thinClient: "10.1.0.2", router: "10.1.0.1", firstHost },
      offline: { network: "10.2.0.0/29", thinClient: "10.2.0.1", firstHost: 2 },
    });
  assertEquals([1, 6].map((first) => plan(first).online.firstHost), [1, 6]);
  assertEquals(allocateAddress(plan(6), "online", "a", []), ipAddress("10.1.0.6"));
  for (const bad of [0, 7, 1.5]) assertThrows(() => plan(bad), TowerError, `first host ${bad}`);
});

Deno.test("one side alone that is wrong, or two that meet at their border, are told", () => {
  const online = {
    network: "10.1.0.0/24",
    thinClient: "10.1.0.2",
    router: "10.1.0.1",
    firstHost: 3,
  };
  const offline = { network: "10.2.0.0/24", thinClient: "10.2.0.1", firstHost: 2 };
  assertEquals(planOf({ online, offline }).offline, {
    network: ipNetwork("10.2.0.0/24"),
    thinClient: ipAddress("10.2.0.1"),
    firstHost: 2,
  });
  const refused = (text: Parameters<typeof planOf>[0]) =>
    assertThrows(() => planOf(text), TowerError).message;
  assertStringIncludes(refused({ online: { ...online, router: "10.1.1.1" }, offline }), "router");
  assertStringIncludes(refused({ online: { ...online, router: "" }, offline }), "router");
  const inside = { network: "10.1.0.0/25", thinClient: "10.1.0.1", firstHost: 2 };
  assertStringIncludes(refused({ online, offline: inside }), "overlap");
});
