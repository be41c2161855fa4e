/** A try to connect from one machine of the tower to another. */
export interface Try {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Why it is tried, as a user would say it. */
  readonly what: string;
}

/** What came of it: `refused` means that it arrived and nobody listens. */
export type Outcome = "open" | "refused" | "silent";

export interface Tried extends Try {
  /** What the rules say: whether it may arrive. */
  readonly allowed: boolean;
  readonly outcome: Outcome;
}

/** Who is plugged into a switch without belonging to the tower. */
export const STRANGER = "stranger";

/** What a user wants to see of the firewall of a tower with a router and two hosts. */
export function triesOf(online: string, offline: string): readonly Try[] {
  const ssh = (from: string, to: string, what: string) => ({ from, to, port: 22, what });
  return [
    ssh("thinclient", "router", "the thin client reaches the router"),
    ssh("thinclient", online, "the thin client reaches the online host"),
    ssh("thinclient", offline, "the thin client reaches the offline host"),
    { from: "thinclient", to: online, port: 80, what: "no other port of a host is open" },
    ssh(STRANGER, "router", "another machine on the switch gets nowhere"),
    ssh(STRANGER, online, "another machine on the switch gets nowhere"),
    ssh(STRANGER, offline, "another machine on the switch gets nowhere"),
    { from: online, to: "router", port: 53, what: "an online host may ask the router for names" },
    ssh(online, "router", "an online host does not get into the router"),
    ssh(online, "thinclient", "an online host does not get into the thin client"),
    ssh(offline, "thinclient", "an offline host gets nowhere"),
    ssh("router", online, "a router that is taken over does not get into a host"),
    ssh("router", "thinclient", "nor into the thin client"),
  ];
}

/** Whether what was seen is what the rules say. */
export function asWanted({ allowed, outcome }: Tried): boolean {
  return allowed === (outcome !== "silent");
}

/** What busybox' nc says of a connection, with its exit code. */
export function outcomeOfNc(code: number, text: string): Outcome {
  if (code === 0) return "open";
  return /refused/i.test(text) ? "refused" : "silent";
}

/** A line for a person. */
export function lineOf(tried: Tried): string {
  const { from, to, port, what, allowed, outcome } = tried;
  const seen = outcome === "silent" ? "stopped" : outcome === "open" ? "connected" : "arrived";
  const mark = asWanted(tried) ? "ok   " : "WRONG";
  const path = `${from} to ${to}:${port}`.padEnd(28);
  return `${mark} ${path} ${seen.padEnd(9)} (${allowed ? "may" : "must not"}: ${what})`;
}
