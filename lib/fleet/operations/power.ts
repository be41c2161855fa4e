import type { Host } from "../host.ts";
import type { Plan, Step } from "./step.ts";

/** Turns hosts off, the router last: all others may need it until their end (facts E22). */
export function planPoweroff(up: readonly Host[]): Plan {
  return routerLast(up, (host) => step(host, "power off", ["doas", "poweroff"]));
}

/** Starts hosts anew, the router first, so that it is there when they come back. */
export function planReboot(up: readonly Host[]): Plan {
  return [...routerLast(up, (host) => step(host, "reboot", ["doas", "reboot"]))].reverse();
}

function step(host: Host, title: string, argv: [string, ...string[]]): Step {
  return { host, title, argv, mayDisconnect: true };
}

function routerLast(hosts: readonly Host[], make: (host: Host) => Step): Plan {
  const routers = hosts.filter((host) => host.env.role === "router");
  const others = hosts.filter((host) => host.env.role !== "router");
  return [others, routers].filter((group) => group.length > 0).map((group) => group.map(make));
}
