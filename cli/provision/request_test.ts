import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { compareImages } from "./image.ts";
import { type Answers, requestOf } from "./request.ts";

const LOCALE = {
  username: "me",
  keyboardLayout: "us",
  keyboardVariant: "us",
  timezone: "UTC",
  lang: "en_US",
};
const request = (name: string, answers: Answers) =>
  requestOf(name, { deviceFile: "x.img", ...answers }, LOCALE, (path) => `/home/me/${path}`);

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
    ["office", { online: true, bootDevice: "/dev/sda" }, "one of --boot-device and --device-file"],
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

Deno.test("E11: images are ordered by version number, then by time", () => {
  const names = [
    "toweros-host-0.10-20240101000000.img",
    "toweros-host-0.9-20250101000000.img",
    "toweros-host-0.10.1-20230101000000.img",
    "toweros-host-0.10-20240102000000.img",
  ];
  assertEquals([...names].sort(compareImages), [names[1], names[0], names[3], names[2]]);
});
