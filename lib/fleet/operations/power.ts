import type { Host } from "../host.ts";
import { type Plan, type RebootStep, sequenceOf } from "./step.ts";

const POWEROFF: RebootStep = {
  kind: "reboot",
  title: "power off",
  argv: ["doas", "poweroff"],
  until: "asked",
};
const REBOOT: RebootStep = {
  kind: "reboot",
  title: "reboot",
  argv: ["doas", "reboot"],
  until: "asked",
};

/** Turns hosts off, the router last: all others may need it until their end (facts E22). */
export function planPoweroff(up: readonly Host[]): Plan {
  return routerLast(up, POWEROFF);
}

/** Starts hosts anew, the router first, so that it is there when they come back. */
export function planReboot(up: readonly Host[]): Plan {
  return routerLast(up, REBOOT).toReversed();
}

function routerLast(hosts: readonly Host[], step: RebootStep): Plan {
  const routers = hosts.filter((host) => host.env.role === "router");
  const others = hosts.filter((host) => host.env.role !== "router");
  return [others, routers].filter((group) => group.length > 0)
    .map((group) => group.map((host) => sequenceOf(host, step)));
}
