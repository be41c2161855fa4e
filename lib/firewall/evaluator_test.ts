import { assertEquals, assertThrows } from "@std/assert";
import { ipAddress, ipNetwork } from "../ip/address.ts";
import { holderOf, type Machine, routeTo } from "./network.ts";
import { judge, type PacketProtocol } from "./packet.ts";
import { mayReach, type Probe, reach } from "./reach.ts";
import type { FamilyRules, PassingMatch } from "./ruleset.ts";
import { OPEN_RULESET } from "./tower_network.ts";

/** A machine without a firewall: its links as `segment address/prefix`. */
function bareMachine(name: string, links: readonly string[], more: Partial<Machine> = {}): Machine {
  return {
    name,
    links: links.map((text, i) => {
      const [segment = "", place = ""] = text.split(" ");
      const [address = ""] = place.split("/");
      const network = ipNetwork(place.replace(/\.\d+\//, ".0/"));
      return { name: `eth${i}`, segment, addresses: [{ address: ipAddress(address), network }] };
    }),
    gateways: {},
    forwards: { ipv4: false, ipv6: false },
    ruleset: OPEN_RULESET,
    ...more,
  };
}

Deno.test("an answer that gets to another machine with the asker's address answers nobody", () => {
  const asker = bareMachine("asker", ["near 10.0.0.1/24"], {
    gateways: { ipv4: ipAddress("10.0.0.254") },
  });
  const between = bareMachine("between", ["near 10.0.0.254/24", "far 10.0.1.254/24"], {
    forwards: { ipv4: true, ipv6: false },
  });
  const far = bareMachine("far", ["far 10.0.1.1/24"], {
    gateways: { ipv4: ipAddress("10.0.1.254") },
  });
  const far2 = bareMachine("far", ["far 10.0.1.1/24", "beyond 10.0.0.2/24"]);
  const twin = bareMachine("twin", ["beyond 10.0.0.1/24"]);
  const probe: Probe = { protocol: "tcp", port: 80, family: "ipv4" };
  const target = ipAddress("10.0.1.1");
  assertEquals(reach([asker, between, far, twin], "asker", target, probe), { kind: "answered" });
  assertEquals(reach([asker, between, far2, twin], "asker", target, probe), {
    kind: "delivered",
    stop: { machine: "twin", by: "has the address of asker" },
  });
  assertEquals(mayReach([asker, between, far2, twin], "asker", "far", probe), true);
});

Deno.test("a machine that nobody knows is no machine that nothing reaches", () => {
  const probe: Probe = { protocol: "icmp", family: "ipv4" };
  const network = [bareMachine("known", ["near 10.0.0.1/24"])];
  assertThrows(() => reach(network, "other", ipAddress("10.0.0.1"), probe), RangeError, "other");
  assertThrows(() => mayReach(network, "known", "other", probe), RangeError, "other");
});

Deno.test("of two networks that an address is in the smaller one is its way", () => {
  const links = ["wide 10.0.0.1/8", "narrow 10.1.0.1/24", "other 192.168.0.1/24"];
  const machine = bareMachine("m", links);
  const [wide, narrow] = machine.links;
  assertEquals(routeTo([machine], machine, ipAddress("10.1.0.9"))?.link, narrow);
  assertEquals(routeTo([machine], machine, ipAddress("10.2.0.9"))?.link, wide);
  assertEquals(routeTo([machine], machine, ipAddress("8.8.8.8")), undefined);
});

Deno.test("a link-local address is held by its own link, whatever else that has", () => {
  const [local, network] = [ipAddress("fe80::1"), ipNetwork("fe80::/64")];
  const machine = bareMachine("m", ["a 10.0.0.1/24", "a 10.0.1.1/24"]);
  const [first, second] = machine.links;
  const both = { ...second!, addresses: [...second!.addresses, { address: local, network }] };
  const held = { ...machine, links: [first!, both] };
  assertEquals(holderOf([held], "a", local)?.link, both);
  assertEquals(holderOf([held], "a", ipAddress("10.0.1.1"))?.link, first);
});

function verdict(match: PassingMatch, protocol: PacketProtocol): string {
  const packet = { source: ipAddress("10.0.0.1"), destination: ipAddress("10.0.0.2"), protocol };
  const chain = { policy: "DROP", rules: [{ match, verdict: "ACCEPT" }] } as const;
  return judge(chain, { ...packet, state: "NEW" }, {}).verdict;
}

Deno.test("a range of ports has both of its ends, and nothing beyond", () => {
  const match: PassingMatch = { protocol: { name: "tcp", port: { first: 10, last: 12 } } };
  const seen = [9, 10, 11, 12, 13].map((port) => verdict(match, { name: "tcp", port }));
  assertEquals(seen, ["DROP", "ACCEPT", "ACCEPT", "ACCEPT", "DROP"]);
  assertEquals(verdict(match, { name: "udp", port: 11 }), "DROP");
});

Deno.test("ping asks by one type and is answered by another, in both families", () => {
  for (
    const [family, name, types] of [["ipv4", "icmp", [8, 0]], ["ipv6", "icmpv6", [
      128,
      129,
    ]]] as const
  ) {
    const [own, prefix] = family === "ipv4" ? ["10.0.0.", "10.0.0.0/24"] : ["fd00::", "fd00::/64"];
    const machine = (i: 1 | 2, type: number): Machine => {
      const input = {
        policy: "DROP",
        rules: [{ match: { protocol: { name, type } }, verdict: "ACCEPT" }],
      } as const;
      const rules: FamilyRules = {
        filter: { ...OPEN_RULESET[family].filter, input },
        masquerade: [],
      };
      const address = { address: ipAddress(`${own}${i}`), network: ipNetwork(prefix) };
      return {
        ...bareMachine(`m${i}`, []),
        links: [{ name: "eth0", segment: "near", addresses: [address] }],
        ruleset: { ...OPEN_RULESET, [family]: rules },
      };
    };
    const [echo, reply] = types;
    const ping = (asked: number, asker: number) =>
      reach([machine(1, asker), machine(2, asked)], "m1", ipAddress(`${own}2`), {
        protocol: "icmp",
        family,
      }).kind;
    assertEquals([ping(echo, reply), ping(echo, echo), ping(reply, reply)], [
      "answered",
      "delivered",
      "stopped",
    ], family);
  }
});

Deno.test("only what leaves by the named link, and is of the named network, is translated", () => {
  const probe: Probe = { protocol: "udp", port: 53, family: "ipv4" };
  const kind = (source: string, out: string) => {
    const masquerade = [{ source: ipNetwork(source), out }];
    const ruleset = { ...OPEN_RULESET, ipv4: { ...OPEN_RULESET.ipv4, masquerade } };
    return reach(
      [
        bareMachine("asker", ["near 10.0.0.1/24"], { gateways: { ipv4: ipAddress("10.0.0.9") } }),
        bareMachine("between", ["near 10.0.0.9/24", "far 10.0.1.9/24"], {
          forwards: { ipv4: true, ipv6: false },
          ruleset,
        }),
        // Without a gateway: it can answer its neighbours alone.
        bareMachine("far", ["far 10.0.1.1/24"]),
      ],
      "asker",
      ipAddress("10.0.1.1"),
      probe,
    ).kind;
  };
  assertEquals(kind("10.0.0.0/24", "eth1"), "answered");
  assertEquals(kind("10.0.0.0/24", "eth0"), "delivered");
  assertEquals(kind("10.0.7.0/24", "eth1"), "delivered");
});
