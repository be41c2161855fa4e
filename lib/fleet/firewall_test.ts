import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { restoreTemplate } from "../firewall/template.ts";
import {
  KEPT_FILES,
  loadRules,
  parseRulesState,
  planRules,
  positionOfHost,
  rulesChanges,
  rulesFact,
  type WantedRules,
  wantedRules,
} from "./firewall.ts";
import { shownSteps } from "./operations/shown_step.ts";
import { testHost } from "./test_host.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const piped = (text: string) => text.replaceAll(/^(?=.)/gm, "|");

/** The answer of a machine that has what is wanted, but for some parts. */
function answer(wanted: WantedRules, other: Partial<Record<string, string>> = {}): Uint8Array {
  const settings = wanted.settings.map((line) => `${line}\n`).join("");
  const parts = {
    ipv4: wanted.ipv4,
    ipv6: wanted.ipv6,
    "kept-ipv4": wanted.ipv4,
    "kept-ipv6": wanted.ipv6,
    "kept-settings": settings,
    settings: settings.replace("3 3 3 3", "3\t3\t3\t3"),
    services: "iptables\nip6tables\n",
    ...other,
  };
  return encode(
    Object.entries(parts).map(([name, text]) => `=${name}\n${piped(text!)}`).join(""),
  );
}

const ROUTER = wantedRules(positionOfHost(testHost("router", "192.168.2.1").env), undefined);

Deno.test("a host that has its rules, files and settings needs no change", () => {
  const state = parseRulesState(answer(ROUTER));
  assertEquals(rulesChanges(ROUTER, state), []);
  assertEquals(state.isLoadedAtStart, true);
});

Deno.test("a host's own tower.env gives the rules that its first boot made", () => {
  const values = { "@THIN_CLIENT_IP@": "192.168.2.100", "@TOWER_NETWORK@": "192.168.2.0/24" };
  const made = Object.entries(values)
    .reduce((text, [place, value]) => text.replaceAll(place, value), restoreTemplate("router"));
  assertEquals(ROUTER.ipv4, made);
});

Deno.test("what differs is told line by line; settings that a kernel lacks are none", () => {
  const state = parseRulesState(answer(ROUTER, {
    ipv6: "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n",
    settings: "net.ipv4.ip_forward = 0\n",
    services: "",
  }));
  const changes = rulesChanges(ROUTER, state);
  assertEquals(changes.map(({ what }) => what), ["ipv6 rules in force", "kernel settings"]);
  assertEquals(changes[1]!.lines, [
    { kind: "removed", line: "net.ipv4.ip_forward = 0" },
    { kind: "added", line: "net.ipv4.ip_forward = 1" },
  ]);
  assertEquals(state.isLoadedAtStart, false);
});

Deno.test("rules are loaded at the next start only where both families' services are there", () => {
  for (const services of ["iptables\n", "ip6tables\n", "iptables-nft\nip6tables-nft\n"]) {
    assertEquals(parseRulesState(answer(ROUTER, { services })).isLoadedAtStart, false, services);
  }
  const services = "networking\nip6tables\niptables\n";
  assertEquals(parseRulesState(answer(ROUTER, { services })).isLoadedAtStart, true);
});

Deno.test("what a machine is to load ends with a mark, so that a part of it is known as one", () => {
  const { argv, stdin } = loadRules(ROUTER, { token: "a1", timeout: 30 });
  assertEquals(argv.slice(-2), ["a1", "30"]);
  assertEquals(decode(stdin).split("\n").slice(-2), ["end|", ""]);
});

Deno.test("an answer without end, or of something else, is refused", () => {
  const endless = "-A INPUT -j ACCEPT\n".repeat(3000);
  for (const ipv4 of [`*filter\n${endless}COMMIT\n`, "\x1b[2J\n"]) {
    assertThrows(() => parseRulesState(answer(ROUTER, { ipv4 })), TowerError, "Cannot read");
  }
});

const WEB = { name: "web", become: ["doas"] };
const CHANGE = { token: "a1", timeout: 30 };

Deno.test("rules are a change that is confirmed as root with the same token, and nothing twice", () => {
  assertEquals(planRules(WEB, ROUTER, parseRulesState(answer(ROUTER)), CHANGE), []);
  const state = parseRulesState(answer(ROUTER, { ipv6: "" }));
  const plan = planRules(WEB, ROUTER, state, CHANGE);
  const [step] = plan[0]![0]!.steps;
  assert(step.kind === "commit");
  assertEquals([step.undo, step.argv[0], step.argv.slice(-2)], [30, "doas", ["a1", "30"]]);
  assertEquals([step.confirm.argv[0], step.confirm.argv.at(-1)], ["doas", "a1"]);
  assertEquals(shownSteps(plan).map(({ title }) => title), [
    "load the rules",
    "keep the new rules",
  ]);
  const [here] = planRules({ name: "here", become: [] }, ROUTER, state, CHANGE)[0]![0]!.steps;
  assert(here.kind === "commit" && here.argv[0] === "sh" && here.confirm.argv[0] === "sh");
});

Deno.test("the files that are looked at are those that a machine keeps", () => {
  const { script } = rulesFact(ROUTER);
  for (const path of Object.values(KEPT_FILES)) assert(script.includes(`; kept ${path}\n`), path);
});
