import { type Wlan, wpaSupplicantConf } from "../../tower_env/wlan.ts";
import type { Host } from "../host.ts";
import type { Plan } from "./step.ts";

/**
 * Gives the router another Wi-Fi, unless it has this one already: what is stored of it here is
 * what it was given. Its name goes over as hexadecimal digits: it may be any bytes.
 */
export function planWifi(router: Host, wlan: Wlan): Plan {
  const conf = wpaSupplicantConf(wlan);
  const { env } = router;
  if (env.role === "router" && wpaSupplicantConf(env.wlan) === conf) return [];
  return [[{
    host: router,
    title: "use the new Wi-Fi",
    steps: [
      {
        kind: "put",
        title: "store the new Wi-Fi",
        path: "/etc/wpa_supplicant/wpa_supplicant.conf",
        bytes: new TextEncoder().encode(conf),
        mode: 0o600,
        become: ["doas"],
      },
      {
        kind: "exec",
        title: "use the new Wi-Fi",
        argv: ["doas", "rc-service", "-q", "tower-wifi", "restart"],
      },
    ],
  }]];
}
