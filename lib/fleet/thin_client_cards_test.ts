import { assertEquals, assertThrows } from "@std/assert";
import { TOWER_PLAN } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import {
  cardFindings,
  linksInUse,
  notThinClient,
  parseCards,
  requireSide,
} from "./thin_client_cards.ts";

/** What the look at a machine writes where all is right. */
const RIGHT = [
  "card eth0 02:00:00:00:00:01 1 1",
  "card eth1 02:00:00:00:00:02 1 1",
  "card wlan0 02:00:00:00:00:03 0 0",
  "address lo 127.0.0.1/8",
  "address eth0 192.168.2.100/24",
  "address eth1 192.168.3.100/24",
  "forwards 0 0",
];

/** The problems that a machine has when some lines are others. */
function problems(...changes: readonly (readonly [from: RegExp, to: string])[]): string[] {
  const text = changes.reduce((t, [from, to]) => t.replace(from, to), RIGHT.join("\n"));
  const state = parseCards(text);
  return cardFindings(state, TOWER_PLAN, linksInUse(state, TOWER_PLAN)).map((f) => f.problem);
}

Deno.test("a thin client whose cards are as planned has nothing wrong", () => {
  assertEquals(problems(), []);
  // Asked for by --gateway: the kernel's own spelling of 192.168.2.1.
  assertEquals(problems([/forwards/, "default eth0 0102A8C0\nforwards"]), []);
});

Deno.test("each thing that can be wrong with the cards is told", () => {
  const cases: [[RegExp, string][], RegExp][] = [
    [[[/card eth1.*/, ""]], /^there is no eth1, the card of the offline network$/],
    [[[/:01 1 1/, ":01 0 0"]], /^eth0 is off$/],
    [[[/:02 1 1/, ":02 1 0"]], /^eth1 has no cable/],
    [[[/eth0 192.168.2.100/, "eth0 192.168.2.101"]], /^eth0 does not have 192.168.2.100\/24/],
    [[[/eth0 192.168.2.100/, "eth0 10.0.0.7"]], /address of no tower's network: 10.0.0.7\/24$/],
    [[[/forwards 0 0/, "forwards 1 0"]], /^this machine forwards IPv4/],
    [[[/forwards 0 0/, "forwards 0 1"]], /^this machine forwards IPv6/],
    [[[/forwards/, "default wlan0 0100000A\nforwards"]], /through wlan0 to 10.0.0.1$/],
  ];
  for (const [changes, wanted] of cases) {
    const found = problems(...changes);
    assertEquals(found.filter((p) => wanted.test(p)).length, 1, `${wanted}: ${found}`);
  }
  const swapped = problems([/eth0 192.168.2/, "eth0 192.168.3"], [
    /eth1 192.168.3/,
    "eth1 192.168.2",
  ]);
  assertEquals(swapped.filter((p) => /but the address of the (on|off)line one$/.test(p)).length, 2);
});

Deno.test("B7: both networks on one card is told loudly, and nothing else of it", () => {
  const [problem, ...others] = problems([/address eth1/, "address eth0"], [/card eth1.*/, ""]);
  assertEquals(others, []);
  assertEquals(
    problem?.startsWith("eth0 has the addresses of both networks: with one cable"),
    true,
  );
});

Deno.test("a new host is not waited for on a card that cannot reach it", () => {
  const state = parseCards(RIGHT.join("\n").replace("eth1 192.168.3.100", "eth1 10.0.0.1"));
  requireSide(state, TOWER_PLAN, "online");
  requireSide(state, TOWER_PLAN, "online", "eth0");
  for (
    const [name, message] of [
      [undefined, "eth1 does not have 192.168.3.100/24"],
      ["eth7", "there is no eth7"],
      ["lo", "it is no network card's name"],
      ["e;reboot", "it is no network card's name"],
    ] as const
  ) assertThrows(() => requireSide(state, TOWER_PLAN, "offline", name), TowerError, message);
});

Deno.test("a machine whose cards have no address of the thin client is none, and that is all", () => {
  const foreign = RIGHT.join("\n").replaceAll("192.168.", "172.16.");
  assertEquals(notThinClient(parseCards(RIGHT.join("\n")), TOWER_PLAN), undefined);
  assertEquals(notThinClient(parseCards(foreign), TOWER_PLAN), {
    problem: "this machine is no thin client: none of its cards has 192.168.2.100/24 or " +
      "192.168.3.100/24",
    mend: "on the machine that is to be one, as root: tower network apply",
  });
});
