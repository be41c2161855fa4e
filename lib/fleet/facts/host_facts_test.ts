import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { FACTS_LIMIT, parseFacts } from "./host_facts.ts";

const GOOD = {
  agent: 1,
  time: 1_700_000_000,
  system: "Alpine Linux v3.22",
  kernel: "6.12.1-0-rpi",
  load: "0.08",
  uptime: 3600,
  processors: 4,
  memoryTotal: 4_000_000,
  memoryAvailable: 3_000_000,
  temperature: 48_312,
  diskTotal: 10_000_000,
  diskUsed: 900_000,
  packages: 212,
};
const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

Deno.test("a true answer is read; what a host does not know is null", () => {
  assertEquals(parseFacts(bytes(GOOD)), GOOD as never);
  assertEquals(parseFacts(bytes({ ...GOOD, temperature: null })).temperature, null);
  for (const time of [0, 2_208_988_800]) {
    assertEquals(parseFacts(bytes({ ...GOOD, time })).time, time, "a clock of 1970 or 2040");
  }
});

Deno.test("A8, E21: an answer with anything but bounded numbers and plain text is refused unseen", () => {
  const evil: unknown[] = [
    "",
    "null",
    "[]",
    "{",
    { ...GOOD, agent: 2 },
    { ...GOOD, system: "\x1b[2J\x1b]0;owned\x07" },
    { ...GOOD, system: "x".repeat(81) },
    { ...GOOD, kernel: "6\u202e1" },
    { ...GOOD, load: "$(reboot)" },
    { ...GOOD, time: "1700000000; reboot" },
    { ...GOOD, time: -1 },
    { ...GOOD, memoryTotal: 1e300 },
    { ...GOOD, packages: 1.5 },
    { ...GOOD, "\x1b[31mextra": 1 },
    `${JSON.stringify(GOOD).slice(0, -1)},"__proto__":{"isAdmin":true}}`,
    `${JSON.stringify(GOOD)}\n${JSON.stringify(GOOD)}`,
  ];
  for (const answer of evil) {
    const error = assertThrows(() => parseFacts(bytes(answer)), TowerError);
    assertEquals([error.code, /[^ -~]|reboot|owned/.test(error.message)], ["malformed", false]);
  }
  assertThrows(() => parseFacts(Uint8Array.of(0x22, 0xff, 0x22)), TowerError, "it is no JSON");
  assertThrows(() => parseFacts(new Uint8Array(FACTS_LIMIT + 1)), TowerError, "more than");
});
