import { assert, assertStringIncludes, assertThrows } from "@std/assert";
import { wlanOf } from "../../tower_env/wlan.ts";
import { testHost } from "../test_host.ts";
import { planWifi } from "./wifi.ts";

Deno.test("B9: a Wi-Fi name with quotes and new lines is data; name and key are in no argument", () => {
  const wlan = wlanOf(`a"'\n$(reboot)`, "p4ssw0rd");
  const step = planWifi(testHost("router", "192.168.2.1"), wlan)[0]![0]!;
  const text = new TextDecoder().decode(step.stdin);
  assertStringIncludes(text, `\n\tssid=6122270a24287265626f6f7429\n`);
  assertStringIncludes(text, `\n\tpsk=${wlan.key}\n\tsae_password=7034737377307264\n}\n`);
  assert(!step.argv.join(" ").includes(wlan.key) && !step.argv.join(" ").includes(wlan.ssidHex));
  assertThrows(() => planWifi(testHost("router"), { ssidHex: "zz", key: "" }), RangeError);
});
