import { assertEquals } from "@std/assert";
import { TOWER_PLAN } from "../address_plan/address_plan.ts";
import { ipAddress } from "../ip/address.ts";
import type { Machine, Network } from "./network.ts";
import { mayReach, type Probe, reach } from "./reach.ts";
import { ONE_CABLE, TWO_CABLES } from "./roles.ts";
import { OPEN_RULESET, SAMPLE_WIFI, type TowerHost, towerNetwork } from "./tower_network.ts";

const HOSTS: readonly TowerHost[] = [
  { name: "router", role: "router", address: TOWER_PLAN.online.router },
  { name: "on1", role: "online", address: ipAddress("192.168.2.200") },
  { name: "on2", role: "online", address: ipAddress("192.168.2.201") },
  { name: "off1", role: "offline", address: ipAddress("192.168.3.200") },
  { name: "off2", role: "offline", address: ipAddress("192.168.3.201") },
];
const TOWER = towerNetwork(TOWER_PLAN, TWO_CABLES, HOSTS, SAMPLE_WIFI);

const PORTS = ["tcp 22", "tcp 53", "tcp 80", "tcp 9050", "udp 53", "udp 123", "udp 5353", "icmp"];

function probeOf(text: string, family: Probe["family"]): Probe {
  const [protocol, port] = text.split(" ");
  return protocol === "icmp"
    ? { protocol, family }
    : { protocol: protocol as "tcp" | "udp", port: Number(port), family };
}

/** Who reaches whom, by what; pairs that reach nothing are left out. */
function policyOf(network: Network, family: Probe["family"]): Record<string, string> {
  const policy: Record<string, string> = {};
  for (const { name: from } of network) {
    for (const { name: to } of network) {
      if (from === to) continue;
      const open = PORTS.filter((port) => mayReach(network, from, to, probeOf(port, family)));
      if (open.length > 0) policy[`${from} > ${to}`] = open.join(", ");
    }
  }
  return policy;
}

const ALL = PORTS.join(", ");
const SERVICES = "tcp 53, tcp 9050, udp 53, udp 123";
/** The whole policy of a tower. */
const POLICY = {
  "thinclient > router": "tcp 22",
  "thinclient > on1": "tcp 22",
  "thinclient > on2": "tcp 22",
  "thinclient > off1": "tcp 22",
  "thinclient > off2": "tcp 22",
  "router > internet": ALL,
  "on1 > router": SERVICES,
  "on1 > internet": ALL,
  "on2 > router": SERVICES,
  "on2 > internet": ALL,
};

Deno.test("the rules of all roles together make the policy of a tower", () => {
  assertEquals(policyOf(TOWER, "ipv4"), POLICY);
});

Deno.test("one cable for both networks changes nothing, as long as hosts keep their rules", () => {
  const tower = towerNetwork(TOWER_PLAN, ONE_CABLE, HOSTS, SAMPLE_WIFI);
  assertEquals(policyOf(tower, "ipv4"), POLICY);
});

/** A tower in which one machine's rules are gone, as if somebody had taken it over. */
function without(name: string): Network {
  return TOWER.map((m): Machine => m.name === name ? { ...m, ruleset: OPEN_RULESET } : m);
}

Deno.test("a host that dropped its rules reaches no other host and no thin client", () => {
  for (const name of ["on1", "off1"]) {
    const policy = policyOf(without(name), "ipv4");
    const reached = Object.keys(policy).filter((pair) => pair.startsWith(`${name} > `));
    assertEquals(reached, name === "on1" ? ["on1 > router", "on1 > internet"] : []);
  }
});

Deno.test("B3: a router that dropped its rules still reaches no host and no thin client", () => {
  const policy = policyOf(without("router"), "ipv4");
  assertEquals(Object.keys(policy).filter((pair) => /^(router|internet) > /.test(pair)), [
    "router > internet",
    "internet > router",
  ]);
});

/** The same machines with an IPv6 address on every link, link-local or not. */
function withIpv6(network: Network, prefix: string): Network {
  return network.map((machine, i): Machine => ({
    ...machine,
    links: machine.links.map((link, j) => ({
      ...link,
      addresses: [{
        address: `${prefix}${i + 1}${j || ""}` as never,
        network: `${prefix}/64` as never,
      }],
    })),
  }));
}

Deno.test("B1: nothing is reached over IPv6, link-local or not, though it would be without rules", () => {
  for (const prefix of ["fe80::", "fd00::"]) {
    assertEquals(policyOf(withIpv6(TOWER, prefix), "ipv6"), {});
    const open = TOWER.map((m): Machine => ({ ...m, ruleset: OPEN_RULESET }));
    assertEquals(policyOf(withIpv6(open, prefix), "ipv6")["off1 > off2"], ALL);
  }
});

Deno.test("every machine reaches itself", () => {
  for (const { name } of TOWER) {
    assertEquals(mayReach(TOWER, name, name, { protocol: "tcp", port: 80, family: "ipv4" }), true);
  }
});

Deno.test("an answer tells which machine stopped the packet, and by what", () => {
  const ssh: Probe = { protocol: "tcp", port: 22, family: "ipv4" };
  const stop = (from: string, to: string) => reach(TOWER, from, ipAddress(to), ssh);
  assertEquals(stop("thinclient", "192.168.2.200"), { kind: "answered" });
  assertEquals(stop("on1", "192.168.2.201"), {
    kind: "stopped",
    stop: { machine: "on1", by: "OUTPUT rule 7" },
  });
  assertEquals(stop("internet", "192.168.2.200"), {
    kind: "stopped",
    stop: { machine: "router", by: "FORWARD policy" },
  });
  assertEquals(stop("off1", "8.8.8.8"), {
    kind: "stopped",
    stop: { machine: "off1", by: "has no route to", address: ipAddress("8.8.8.8") },
  });
});

Deno.test("an online host sends nothing to a group or to all, where others on its cable would hear it", () => {
  for (const group of ["224.0.0.251", "239.255.255.250", "255.255.255.255"]) {
    assertEquals(
      reach(TOWER, "on1", ipAddress(group), { protocol: "udp", port: 5353, family: "ipv4" }),
      { kind: "stopped", stop: { machine: "on1", by: "OUTPUT rule 8" } },
      group,
    );
  }
});

Deno.test("without translation the Internet's answers to a host find no way back", () => {
  const bare = TOWER.map((m): Machine => {
    const ipv4 = { ...m.ruleset.ipv4, masquerade: [] };
    return {
      ...m,
      gateways: m.name === "internet" ? {} : m.gateways,
      ruleset: { ...m.ruleset, ipv4 },
    };
  });
  const probe: Probe = { protocol: "udp", port: 53, family: "ipv4" };
  const noGateway = TOWER.map((m) => m.name === "internet" ? { ...m, gateways: {} } : m);
  assertEquals(reach(noGateway, "on1", SAMPLE_WIFI.internet, probe), { kind: "answered" });
  assertEquals(reach(bare, "on1", SAMPLE_WIFI.internet, probe), {
    kind: "delivered",
    stop: { machine: "internet", by: "has no route to", address: ipAddress("192.168.2.200") },
  });
});

Deno.test("the router alone passes packets on, and over IPv6 nobody does", () => {
  assertEquals(TOWER.filter((m) => m.forwards.ipv4).map(({ name }) => name), ["router"]);
  assertEquals(TOWER.filter((m) => m.forwards.ipv6), []);
});
