import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `wlan-connect`: the router's Wi-Fi, on it and in the inventory. */
export function wlanConnectCommand(env: Env, ending: Ending) {
  return new Command("wlan-connect")
    .description("Connect the router to another Wi-Fi, and keep that for its next card.")
    .requiredOption("--ssid <name>", "name of the Wi-Fi")
    .option("--password <password>", "its password (default: a line of standard input)")
    .option("--dry-run", "show the steps", false)
    .option("--json", "as JSON", false)
    .action(async ({ ssid, password, ...options }) => {
      const { connectWifi } = await import("../wifi.ts");
      await connectWifi(ssid, password, options, { env, ending });
    });
}
