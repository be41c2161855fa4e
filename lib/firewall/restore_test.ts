import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TOWER_PLAN } from "../address_plan/address_plan.ts";
import { renderRestore } from "./restore.ts";
import { positionOf, ROLES, rulesetOf, TWO_CABLES } from "./roles.ts";
import type { FamilyRules, PassingMatch, ProtocolMatch, Ruleset } from "./ruleset.ts";
import { sysctlsOf } from "../hardening/sysctls.ts";
import { restoreTemplate, TEMPLATE_KEYS } from "./template.ts";

const rulesetFor = (role: (typeof ROLES)[number]) =>
  rulesetOf(positionOf(role, TOWER_PLAN, TWO_CABLES));

const rulesOf = (
  role: (typeof ROLES)[number],
  chain: string,
  family: "ipv4" | "ipv6" = "ipv4",
) =>
  renderRestore(rulesetFor(role), family).split("\n").filter((l) => l.startsWith(`-A ${chain} `));

Deno.test("the text of the router's rules is what iptables-save would say", () => {
  assertEquals(
    renderRestore(rulesetFor("router"), "ipv4"),
    `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 192.168.2.0/24 -o wlan0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 192.168.2.100/32 -i eth0 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 192.168.2.0/24 -i eth0 -p udp -m udp --dport 53 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 192.168.2.0/24 -i eth0 -p tcp -m tcp --dport 53 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 192.168.2.0/24 -i eth0 -p udp -m udp --dport 123 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 192.168.2.0/24 -i eth0 -p tcp -m tcp --dport 9050 -m conntrack --ctstate NEW -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 192.168.2.100/32 -m conntrack --ctstate NEW -j DROP
-A FORWARD -s 192.168.2.0/24 -i eth0 -o wlan0 -m conntrack --ctstate NEW -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -o wlan0 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`,
  );
});

Deno.test("an online host reaches the router's services and the Internet: no neighbour, no group", () => {
  const services = ["udp 53", "tcp 53", "udp 123", "tcp 9050"].map((service) => {
    const [name, port] = service.split(" ");
    return `-A OUTPUT -d 192.168.2.1/32 -o eth0 -p ${name} -m ${name} --dport ${port} ` +
      "-m conntrack --ctstate NEW -j ACCEPT";
  });
  assertEquals(rulesOf("online", "OUTPUT"), [
    "-A OUTPUT -o lo -j ACCEPT",
    "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ...services,
    "-A OUTPUT -d 192.168.2.0/24 -j DROP",
    "-A OUTPUT -d 224.0.0.0/3 -j DROP",
    "-A OUTPUT -o eth0 -m conntrack --ctstate NEW -j ACCEPT",
  ]);
  assertEquals(rulesOf("online", "FORWARD"), []);
});

Deno.test("an offline host opens nothing; the thin client lets nobody in", () => {
  const known = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  const ssh = "-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT";
  assertEquals(rulesOf("offline", "INPUT"), [
    "-A INPUT -i lo -j ACCEPT",
    `-A INPUT ${known}`,
    `-A INPUT -s 192.168.3.100/32 -i eth0 ${ssh}`,
  ]);
  assertEquals(rulesOf("offline", "OUTPUT"), ["-A OUTPUT -o lo -j ACCEPT", `-A OUTPUT ${known}`]);
  assertEquals(rulesOf("thinclient", "INPUT"), ["-A INPUT -i lo -j ACCEPT", `-A INPUT ${known}`]);
  assertEquals(rulesOf("thinclient", "OUTPUT"), [
    "-A OUTPUT -o lo -j ACCEPT",
    `-A OUTPUT ${known}`,
    `-A OUTPUT -d 192.168.2.0/24 -o ${TWO_CABLES.online} ${ssh}`,
    `-A OUTPUT -d 192.168.3.0/24 -o ${TWO_CABLES.offline} ${ssh}`,
  ]);
});

Deno.test("B1: over IPv6 nothing but the loopback is let through, in any role", () => {
  for (const role of ROLES) {
    const rules = ["INPUT", "FORWARD", "OUTPUT"].flatMap((chain) => rulesOf(role, chain, "ipv6"));
    assertEquals(rules, ["-A INPUT -i lo -j ACCEPT", "-A OUTPUT -o lo -j ACCEPT"], role);
  }
});

Deno.test("B1, B2: all three chains of every role drop by default, in both families", () => {
  assertEquals([...ROLES].sort(), ["offline", "online", "router", "thinclient"]);
  for (const role of ROLES) {
    for (const family of ["ipv4", "ipv6"] as const) {
      const { filter } = rulesetFor(role)[family];
      const policies = [filter.input.policy, filter.forward.policy, filter.output.policy];
      assertEquals(policies, ["DROP", "DROP", "DROP"], `${role} ${family}`);
    }
  }
});

Deno.test("an interface, port, type or protocol that iptables lacks is refused", () => {
  const open = { policy: "ACCEPT", rules: [] } as const;
  const ruleset = (match: PassingMatch): Ruleset => {
    const forward = { policy: "DROP", rules: [{ match, verdict: "DROP" }] } as const;
    const family: FamilyRules = {
      filter: { input: open, forward, output: open },
      masquerade: [],
    };
    return { ipv4: family, ipv6: family };
  };
  const bad: PassingMatch[] = [
    { in: "eth0 -j ACCEPT" },
    { out: "eth+" },
    { out: "" },
    { protocol: { name: "tcp", port: 65536 } },
    { protocol: { name: "udp", port: { first: 1, last: 1.5 } } },
    { protocol: { name: "icmp", type: 256 } },
    { protocol: { name: "icmpv6", type: 1 } },
  ];
  for (const match of bad) assertThrows(() => renderRestore(ruleset(match), "ipv4"), RangeError);
  assertThrows(() => renderRestore(ruleset({ protocol: { name: "icmp" } }), "ipv6"), RangeError);
  const good = { protocol: { name: "udp", port: { first: 1, last: 9 } } } as const;
  assert(
    renderRestore(ruleset(good), "ipv4").includes("-A FORWARD -p udp -m udp --dport 1:9 -j DROP"),
  );
});

Deno.test("what a rule asks of a protocol is all there, in iptables-save's words", () => {
  const open = { policy: "ACCEPT", rules: [] } as const;
  const text = (family: "ipv4" | "ipv6", protocol: ProtocolMatch) => {
    const forward = { policy: "DROP", rules: [{ match: { protocol }, verdict: "DROP" }] } as const;
    const rules = { filter: { input: open, forward, output: open }, masquerade: [] };
    const other = { filter: { input: open, forward: open, output: open }, masquerade: [] };
    return renderRestore({ ipv4: other, ipv6: other, [family]: rules }, family)
      .split("\n").find((line) => line.startsWith("-A FORWARD"));
  };
  for (
    const [family, protocol, words] of [
      ["ipv4", { name: "icmp", type: 8 }, "-p icmp -m icmp --icmp-type 8"],
      ["ipv6", { name: "icmpv6", type: 128 }, "-p ipv6-icmp -m icmp6 --icmpv6-type 128"],
      ["ipv4", { name: "icmp", type: 0 }, "-p icmp -m icmp --icmp-type 0"],
      ["ipv4", { name: "icmp" }, "-p icmp"],
      ["ipv6", { name: "tcp" }, "-p tcp"],
      ["ipv6", { name: "tcp", port: 65535 }, "-p tcp -m tcp --dport 65535"],
      ["ipv4", { name: "udp", port: 0 }, "-p udp -m udp --dport 0"],
    ] as const
  ) assertEquals(text(family, protocol), `-A FORWARD ${words} -j DROP`);
});

Deno.test("a template filled with addresses is the text for these addresses", () => {
  const { network, thinClient, router } = TOWER_PLAN.online;
  for (const role of ["online", "router", "offline"] as const) {
    const client = role === "offline" ? TOWER_PLAN.offline.thinClient : thinClient;
    const values = { THIN_CLIENT_IP: client, TOWER_NETWORK: network, ROUTER_IP: router };
    let text = restoreTemplate(role);
    for (const key of TEMPLATE_KEYS) text = text.replaceAll(`@${key}@`, values[key]);
    assertEquals(text, renderRestore(rulesetFor(role), "ipv4"));
  }
});

Deno.test("each key of the kernel's settings stands once; only the router forwards, and only IPv4", () => {
  for (const role of ROLES) {
    const lines = sysctlsOf(role, "x86_64");
    assertEquals(new Set(lines.map((line) => line.split(" = ")[0])).size, lines.length);
    for (const line of lines) assertMatch(line, /^[a-z0-9_]+(\.[a-z0-9_]+)+ = [0-9]+( [0-9]+)*$/);
    assert(lines.includes("net.netfilter.nf_conntrack_tcp_loose = 0"));
    assertEquals(lines[0], `net.ipv4.ip_forward = ${role === "router" ? 1 : 0}`);
    for (const place of ["all", "default"]) {
      assert(lines.includes(`net.ipv6.conf.${place}.forwarding = 0`));
      assert(lines.includes(`net.ipv6.conf.${place}.accept_ra = 0`));
      assert(lines.includes(`net.ipv6.conf.${place}.disable_ipv6 = 1`));
      assert(lines.includes(`net.ipv4.conf.${place}.rp_filter = 1`));
      assert(lines.includes(`net.ipv4.conf.${place}.arp_ignore = 1`));
      const off = ["accept_redirects", "accept_source_route", "route_localnet", "secure_redirects"];
      for (const key of off) {
        assert(lines.includes(`net.ipv4.conf.${place}.${key} = 0`), key);
      }
    }
  }
});
