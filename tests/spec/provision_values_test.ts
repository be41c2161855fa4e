import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Answers } from "../../lib/provision/answers.ts";
import { wishOf } from "../../lib/provision/request.ts";
import { formatError, TowerError } from "../../lib/errors.ts";
import { testHost } from "../../lib/fleet/test_host.ts";
import { parseTowerEnv, writeTowerEnv } from "../../lib/tower_env/tower_env.ts";
import { randomNumbers, randomText } from "../support/program/random_numbers.ts";

const SEED = Number(Deno.env.get("TOWER_SEED") ?? 7);
const CASES = 2000;
const LOCALE = {
  username: "alice",
  keyboardLayout: "us",
  keyboardVariant: "us",
  timezone: "UTC",
  lang: "en_US",
};
/** What shells, files, paths and terminals take for more than text. */
const PIECES = [
  ...["a", "B", "7", "-", "_", ".", " ", "'", '"', "\\", "\n", "\0", "\t", "\x1b[31m", "$(id)"],
  ...[
    "`id`",
    ";",
    "../",
    "/",
    "é",
    "日",
    "😀",
    "\ud800",
    "router",
    "web",
    "x".repeat(12),
    "%",
    "=",
  ],
] as const;
/** What the card's tower.env says of the answers, read back as a host reads it. */
function throughCard(name: string, answers: Answers) {
  const { name: hostname, role, locale, wlan } = wishOf(name, answers, LOCALE, (path) => path);
  const { username, keyboardLayout, keyboardVariant, timezone, lang } = locale;
  const address = role === "router" ? "192.168.2.1" : "192.168.2.200";
  const { env } = testHost(role === "router" ? "router" : "web", address);
  const keyboard = { layout: keyboardLayout, variant: keyboardVariant };
  const own = { hostname, username, keyboard, timezone, lang };
  const whole = env.role === "router" ? { ...env, ...own, wlan: wlan! } : { ...env, ...own };
  return parseTowerEnv(writeTowerEnv(whole, "boot"), "boot");
}

/** The value that came through, or undefined where the answers were refused as wrong usage. */
function orRefused<T>(make: () => T, about: string): T | undefined {
  try {
    return make();
  } catch (error) {
    assert(error instanceof TowerError && error.code === "usage", `${about}: ${error}`);
    assert(!formatError(error).includes("\x1b"), about);
    return undefined;
  }
}

Deno.test(`C9, E2: any text as a host's name is a plain name or refused (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  let good = 0;
  for (let i = 0; i < CASES; i++) {
    const name = i % 3 === 0
      ? randomText(random, ["a", "b-", "9", "z", "0"])
      : randomText(random, PIECES);
    const answers = name === "router"
      ? { wlanSsid: "x", wlanPassword: "12345678" }
      : { online: true };
    const shown = JSON.stringify(name);
    let env;
    try {
      env = throughCard(name, answers);
    } catch (error) {
      assert(error instanceof TowerError && error.code === "usage", `${shown}: ${error}`);
      continue;
    }
    good++;
    assertEquals(env.hostname, name);
    assert(/^[a-z0-9-]{1,15}$/.test(name), shown);
  }
  assert(good > CASES / 20, `${good}`);
});

Deno.test(`B9, C9: any Wi-Fi name comes through the card byte for byte, or is refused (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  let good = 0;
  // Each takes 4096 rounds of a hash.
  for (let i = 0; i < CASES / 10; i++) {
    const wlanSsid = randomText(random, PIECES);
    const bytes = new TextEncoder().encode(wlanSsid);
    const shown = JSON.stringify(wlanSsid);
    const make = () => throughCard("router", { wlanSsid, wlanPassword: `p4ss"'\\w0rd` });
    const env = bytes.length >= 1 && bytes.length <= 32
      ? make()
      : void assertThrows(make, TowerError, "bytes, not 1 to 32");
    if (!env) continue;
    good++;
    assert(env.role === "router");
    assertEquals(env.wlan.ssidHex, bytes.toHex(), shown);
  }
  assert(good > CASES / 30, `${good}`);
});

Deno.test(`C9, E18: any text as place, user or password comes through or breaks a rule (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  for (let i = 0; i < CASES; i++) {
    const text = randomText(random, PIECES);
    for (
      const key of ["timezone", "keyboardLayout", "keyboardVariant", "lang", "username"] as const
    ) {
      const about = `${key} ${JSON.stringify(text)}`;
      const env = orRefused(() => throughCard("web", { online: true, [key]: text }), about);
      if (!env) continue;
      const found = {
        timezone: env.timezone,
        keyboardLayout: env.keyboard.layout,
        keyboardVariant: env.keyboard.variant,
        lang: env.lang,
        username: env.username,
      };
      assertEquals(found[key], text, about);
    }
  }
});

Deno.test("E18: every zone of this machine's database comes through the card", () => {
  const root = "/usr/share/zoneinfo";
  const zones: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
      if (isDirectory && !["posix", "right"].includes(name)) walk(`${folder}${name}/`);
      // Zones begin with a capital, the database's other files do not.
      else if (!isDirectory && /^[A-Z][^.]*$/.test(name) && name !== "SECURITY") {
        zones.push(`${folder}${name}`);
      }
    }
  };
  try {
    walk("");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    zones.push(...Intl.supportedValuesOf("timeZone"));
  }
  assert(zones.length > 300, `${zones.length} zones`);
  for (const timezone of zones) {
    assertEquals(throughCard("web", { online: true, timezone }).timezone, timezone);
  }
});
