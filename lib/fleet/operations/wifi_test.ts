import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { wlanOf } from "../../tower_env/wlan.ts";
import { testHost } from "../test_host.ts";
import { shownSteps } from "./shown_step.ts";
import { planWifi } from "./wifi.ts";

Deno.test("B9: a Wi-Fi name with quotes and new lines is data; name and key are in no argument", () => {
  const wlan = wlanOf(`a"'\n$(reboot)`, "p4ssw0rd");
  const plan = planWifi(testHost("router", "192.168.2.1"), wlan);
  const [put, restart] = plan[0]![0]!.steps;
  assert(put.kind === "put" && restart?.kind === "exec");
  assertEquals([put.path, put.mode, put.become], [
    "/etc/wpa_supplicant/wpa_supplicant.conf",
    0o600,
    ["doas"],
  ]);
  const text = new TextDecoder().decode(put.bytes);
  assertStringIncludes(text, `\n\tssid=6122270a24287265626f6f7429\n`);
  assertStringIncludes(text, `\n\tpsk=${wlan.key}\n\tsae_password=7034737377307264\n}\n`);
  const shown = JSON.stringify(shownSteps(plan));
  assert(!shown.includes(wlan.key) && !shown.includes(wlan.ssidHex), shown);
  assertThrows(() => planWifi(testHost("router"), { ssidHex: "zz", key: "" }), RangeError);
});
