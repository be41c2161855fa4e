import { fromFileUrl } from "@std/path";
import { labFolder } from "../../build/inputs/trusted_keys.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Cables } from "../../lib/lab/cables.ts";
import type { Said } from "../../lib/lab/thin_client.ts";
import type { RunningProcess } from "../../lib/proc/command.ts";

/** Where the lab's packages are, as the hosts name it: beyond the router (RFC 5737). */
export const REPOSITORY = "http://192.0.2.1/lab";
/** What the router's second card is plugged into. */
export const UPLINK = "uplink";
/** A package that needs others which hosts lack, and a line that runs it. */
const PACKAGE = "curl";
const PROGRAM = ["curl", "--version"];
const SERVER = fromFileUrl(new URL("./serve_repository.ts", import.meta.url));
/**
 * A router has its uplink by Wi-Fi, which no virtual machine has. The second card takes that name, and with it
 * the router's rules.
 */
const CARD = `ip link set eth1 name wlan0 &&
ip address add 192.0.2.2/24 dev wlan0 &&
ip link set wlan0 up`;

/** Has the lab's packages answer beyond the router, as a process that the caller ends. */
export async function serveLab(env: Env, { switches }: Cables): Promise<RunningProcess> {
  await switches.addTap(UPLINK, "192.0.2.1/24");
  const argv = [Deno.execPath(), "run", "--no-lock", "--allow-net", "--allow-read"] as const;
  const server = env.runner.spawn(switches.inside({ argv: [...argv, SERVER, labFolder(env)] }));
  void server.stderr.cancel();
  const { done } = await server.stdout.getReader().read();
  if (!done) return server;
  await server[Symbol.asyncDispose]();
  throw new TowerError(
    "tool",
    "Cannot serve packages beyond the router: the server does not start",
  );
}

/** Shows how the offline host gets a package and runs it. @throws {TowerError} where it does not. */
export async function showInstall(
  tower: (...args: string[]) => Promise<Said>,
  host: string,
): Promise<void> {
  for (
    const words of [
      ["ssh", "router", "doas", "sh", "-c", CARD],
      ["install", host, PACKAGE],
      ["ssh", host, ...PROGRAM],
    ]
  ) {
    const { code } = await tower(...words);
    if (code !== 0) throw new TowerError("tool", `Cannot go on: that ended with ${code}`);
  }
}
