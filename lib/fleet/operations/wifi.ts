import { type Wlan, wpaSupplicantConf } from "../../tower_env/wlan.ts";
import type { Host } from "../host.ts";
import type { Plan } from "./step.ts";

/** Whole or not at all; the settings come through standard input and are no argument of anything. */
const CONNECT = `set -eu
umask 077
conf=/etc/wpa_supplicant/wpa_supplicant.conf
cat >"$conf.new"
sync
mv "$conf.new" "$conf"
rc-service tower-wifi restart >/dev/null`;

/**
 * Gives the router another Wi-Fi, unless it has this one already: what is stored of it here is
 * what it was given. Its name goes over as hexadecimal digits: it may be any bytes.
 */
export function planWifi(router: Host, wlan: Wlan): Plan {
  const conf = wpaSupplicantConf(wlan);
  const { env } = router;
  if (env.role === "router" && wpaSupplicantConf(env.wlan) === conf) return [];
  const stdin = new TextEncoder().encode(conf);
  return [[{
    host: router,
    title: "use the new Wi-Fi",
    argv: ["doas", "sh", "-c", CONNECT],
    stdin,
  }]];
}
