import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import type { Answers } from "./answers.ts";
import { answersFor, targetOf, wishOf } from "./request.ts";

const LOCALE = {
  username: "me",
  keyboardLayout: "us",
  keyboardVariant: "us",
  timezone: "UTC",
  lang: "en_US",
};
const resolve = (path: string) => `/home/me/${path}`;
const request = (name: string, answers: Answers) => {
  const all = { deviceFile: "x.img", ...answers };
  return { ...wishOf(name, all, LOCALE, resolve), target: targetOf(all, resolve) };
};

Deno.test("a request has the thin client's place unless it says another", () => {
  const { locale, role, target } = request("office", {
    online: true,
    timezone: "America/New_York",
  });
  assertEquals([role, locale.timezone, locale.lang], ["online", "America/New_York", "en_US"]);
  assertEquals(target, { kind: "file", path: "/home/me/x.img" });
});

Deno.test("what does not go together is refused with the rule", () => {
  const cases: [string, Answers, string][] = [
    ["office", {}, "say one of --online and --offline"],
    ["office", { online: true, offline: true }, "say one of --online and --offline"],
    ["router", { offline: true }, "it is the way to the Internet"],
    ["router", {}, "it needs --wlan-ssid and --wlan-password"],
    ["router", { wlanSsid: "x", wlanPassword: "short" }, "8 to 63 plain ASCII characters"],
    ["office", { online: true, wlanSsid: "x" }, "the router alone has one"],
    [
      "office",
      { online: true, bootDevice: "/dev/sda" },
      "--boot-device and --device-file, not both",
    ],
    ["office", { online: true, color: "Ruby" }, "it is none of TowerOS'"],
    ["-rf", { online: true }, "a name must have"],
  ];
  for (const [name, answers, cause] of cases) {
    const error = assertThrows(() => request(name, answers), TowerError);
    assertEquals([error.code, error.message.includes(cause)], ["usage", true], error.message);
  }
});

Deno.test("E4: one's own key pair is taken whole or not at all", () => {
  const pair = { publicKeyPath: "k.pub", privateKeyPath: "k" };
  assertEquals(request("office", { online: true, ...pair }).keyPair, {
    publicKey: "/home/me/k.pub",
    privateKey: "/home/me/k",
  });
  assertThrows(
    () => request("office", { online: true, publicKeyPath: "k.pub" }),
    TowerError,
    "go together",
  );
});

Deno.test("B9: a Wi-Fi name of any bytes is kept; its password is stored as a key alone", () => {
  const { wlan } = request("router", { wlanSsid: `a"'\n$(id)`, wlanPassword: "p4ssword'\"" });
  assertEquals(wlan?.ssidHex, "6122270a2428696429");
  assertEquals(wlan?.key.length, 64);
});

Deno.test("E6: each host gets its own medium, in order; a count that is wrong is refused", () => {
  const file = { all: { offline: true }, hosts: { b: { color: "red", bootDevice: "/dev/z" } } };
  const both = answersFor(["a", "b"], { bootDevice: ["/dev/x", "/dev/y"], timezone: "UTC" }, file);
  assertEquals(both, [
    { offline: true, timezone: "UTC", bootDevice: "/dev/x" },
    { offline: true, timezone: "UTC", color: "red", bootDevice: "/dev/y" },
  ]);
  assertEquals(answersFor(["b", "toString"], {}, file), [
    { offline: true, color: "red", bootDevice: "/dev/z" },
    { offline: true },
  ]);
  const cases: [string[], Parameters<typeof answersFor>[1], string][] = [
    [["a"], { bootDevice: ["/dev/x", "/dev/y"] }, "Cannot pair 2 of --boot-device with 1 of hosts"],
    [["a", "b"], { deviceFile: ["x"] }, "Cannot pair 1 of --device-file with 2 of hosts"],
    [["a", "b", "a"], {}, '"a" twice'],
  ];
  for (const [names, given, message] of cases) {
    assertThrows(() => answersFor(names, given, file), TowerError, message);
  }
});

Deno.test("E18: every zone of the database and layouts of any length pass; others break a rule", () => {
  const zones = [
    ...Intl.supportedValuesOf("timeZone"),
    "Etc/GMT+12",
    "America/North_Dakota/Beulah",
  ];
  for (const timezone of [...zones, "UTC", "GB-Eire", "W-SU", "EST5EDT"]) {
    assertEquals(request("office", { online: true, timezone }).locale.timezone, timezone);
  }
  for (const keyboardLayout of ["us", "lat", "latam", "ara", "brai"]) {
    const { locale } = request("office", { online: true, keyboardLayout });
    assertEquals([locale.keyboardLayout, locale.keyboardVariant], [keyboardLayout, keyboardLayout]);
  }
  const cases: [Answers, string][] = [
    [{ timezone: "../etc/passwd" }, '--timezone "../etc/passwd" must be a name of the time zone'],
    [{ timezone: "Europe/Berlin\n" }, "--timezone"],
    [{ timezone: "$(reboot)" }, "--timezone"],
    [{ keyboardLayout: "U S" }, '--keyboard-layout "U S" must have 2 to 10'],
    [{ keyboardVariant: "us;x" }, "--keyboard-variant"],
    [{ lang: "english" }, '--lang "english" must be a language such as en_US'],
    [{ username: "root" }, "--username"],
    [{ rootDevice: "/dev/../sda" }, "--root-device"],
  ];
  for (const [answers, message] of cases) {
    const error = assertThrows(() => request("office", { online: true, ...answers }), TowerError);
    assertEquals([error.code, error.message.includes(message)], ["usage", true], error.message);
  }
});

Deno.test("C9: a password that tower.env cannot hold is refused with its rule, and not shown", () => {
  for (const password of ["it's", "two\nlines", "caf\u00e9", ""]) {
    const error = assertThrows(() => request("office", { online: true, password }), TowerError);
    assertEquals(/--password must (have|be)/.test(error.message), true, error.message);
    assertEquals(password !== "" && error.message.includes(password), false);
  }
});
