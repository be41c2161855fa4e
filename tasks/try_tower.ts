/**
 * A whole tower on this machine: a router, an online and an offline host in QEMU, and a thin client
 * whose network has no way out of here.
 *
 *     deno task try-tower [--image FILE | --apk FILE] [COMMAND…]
 *
 * Builds the host image, provisions three hosts with `tower` as a user would, boots them, shows
 * `tower status`, tries who reaches whom, and gives you a shell at the thin client; with a command
 * it runs that instead. With `--apk`, Alpine's minirootfs, the hosts have its apk, and a repository answers
 * beyond the router: `tower install` works, and is shown on the offline host. Ends with 1 when the firewall does not do what its rules say. Nothing is
 * left but the caches. An ordinary user needs user namespaces and /dev/net/tun.
 */
import { Command, Option } from "@commander-js/extra-typings";
import { fromFileUrl, join, resolve } from "@std/path";
import { chooseAccelerator } from "../build/boot/boot.ts";
import { TOWER_PLAN } from "../lib/address_plan/address_plan.ts";
import type { Env } from "../lib/env.ts";
import type { Ending } from "../lib/program/ending.ts";
import { TowerError } from "../lib/errors.ts";
import { readText, tempDir, writeFileAtomic } from "../lib/files/files.ts";
import { MachineSpace } from "../lib/lab/machine_space.ts";
import { setup, thisMachine } from "./setup.ts";
import { runTask, toldIn } from "./task.ts";
import { Cables, requireTaps } from "../lib/lab/cables.ts";
import { startHost, type TriedHost } from "../lib/lab/hosts.ts";
import {
  asWanted,
  lineOf,
  type Outcome,
  outcomeOfNc,
  STRANGER,
  type Tried,
  triesOf,
  type Try,
} from "./try_tower/reach.ts";
import { type Place, ThinClient } from "../lib/lab/thin_client.ts";
import { hostImage } from "./try_tower/host_image.ts";
import { REPOSITORY, serveLab, showInstall, UPLINK } from "./try_tower/packages.ts";

/** Who sits at the thin client. */
const CLI = fromFileUrl(new URL("../cli/main.ts", import.meta.url));
const CONNECT = fromFileUrl(new URL("./try_tower/connect.ts", import.meta.url));
const USER = "alice";
/** Seconds until three emulated hosts must be up. */
const PATIENCE = 600;
const ROUTER: TriedHost = { name: "router", at: "online", mac: "02:00:00:00:00:01" };
const ONLINE: TriedHost = { name: "office", at: "online", mac: "02:00:00:00:00:02" };
const OFFLINE: TriedHost = { name: "vault", at: "offline", mac: "02:00:00:00:00:03" };
const HOSTS = [ROUTER, ONLINE, OFFLINE] as const;
const ADDRESSES: Readonly<Record<string, string>> = {
  router: TOWER_PLAN.online.router,
  office: "192.168.2.200",
  vault: "192.168.3.200",
};

/** `deno task try-tower`. */
export function tryTowerTask(env: Env, ending: Ending) {
  return new Command("deno task try-tower")
    .description("Show a whole tower in QEMU on this machine, and give a shell at its thin client.")
    .argument("[command...]", "what is run at the thin client instead of a shell")
    .option("--image <file>", "image of the hosts (default: it is built)")
    .addOption(
      new Option("--apk <file>", "Alpine's minirootfs for x86_64, whose apk the hosts get")
        .conflicts("image"),
    )
    // How the task calls itself in a user namespace.
    .addOption(new Option("--packages").default(false).hideHelp())
    .passThroughOptions()
    .action(async (command, options) => {
      ending.code = await main(env, command, options);
    });
}

interface TryOptions {
  readonly image?: string | undefined;
  readonly apk?: string | undefined;
  readonly packages: boolean;
}

async function main(
  env: Env,
  command: readonly string[],
  options: TryOptions,
): Promise<number> {
  await setup(["qemu", "ssh", "ssh-keygen", "ip", "iptables", "unshare"], thisMachine(env));
  // Known before anything is built.
  requireTaps();
  if (Deno.uid() !== 0) await requireOwnRoot(env);
  const apk = options.apk && resolve(env.cwd, options.apk);
  const image = options.image ??
    await hostImage(env, apk === undefined ? undefined : { apk, repository: REPOSITORY });
  const packages = options.packages || apk !== undefined;
  return Deno.uid() === 0
    ? await tryTower(env, image, packages, command)
    : await asOwnRoot(env, ["--image", image, ...packages ? ["--packages"] : [], ...command]);
}

async function requireOwnRoot(env: Env): Promise<void> {
  try {
    await env.runner.run({ argv: ["unshare", "--map-root-user", "true"] });
  } catch (cause) {
    throw new TowerError("permission", "Cannot make a network of its own as an ordinary user", {
      cause,
      hint:
        "run it as root, or allow user namespaces, which a sysctl or AppArmor keeps from users here",
    });
  }
}

/** All namespaces of an ordinary user must be below one user namespace, or no cable joins them. */
async function asOwnRoot(env: Env, args: readonly string[]): Promise<number> {
  const self = [Deno.execPath(), "run", "--allow-all", fromFileUrl(import.meta.url)];
  await using process = env.runner.spawn({
    argv: ["unshare", "--map-root-user", "--", ...self, ...args],
    variables: Deno.env.toObject(),
  }, { stdio: "inherit" });
  const ending = await process.ended;
  env.signal.throwIfAborted();
  return ending.kind === "exited" ? ending.code : 1;
}

async function tryTower(
  env: Env,
  image: string,
  packages: boolean,
  command: readonly string[],
): Promise<number> {
  const say = (line: string) => env.stderr.write(`${line}\n`);
  const probe = () => chooseAccelerator(env, "x86_64");
  const accelerator = await toldIn(env, "Look for KVM", probe);
  using folder = tempDir();
  await using cables = await Cables.lay(env.runner, [
    { at: "online", address: `${TOWER_PLAN.online.thinClient}/24` },
    { at: "offline", address: `${TOWER_PLAN.offline.thinClient}/24` },
  ], { online: "192.168.2.66/24", offline: "192.168.3.66/24" });
  // Its own /etc and kernel settings: what `tower firewall apply` changes goes with it.
  await using machine = await MachineSpace.create(env.runner, cables.thinClient, USER);
  const client = new ThinClient(env.runner, machine, {
    name: USER,
    folder: folder.path,
    tower: [Deno.execPath(), "run", "--allow-all", CLI],
    variables: variablesOf(env),
  });
  const tower = async (...args: string[]) => {
    say(`\n$ tower ${args.join(" ")}`);
    const said = await toldIn(env, `tower ${args[0]}`, () => client.tower(...args));
    env.stdout.write(said.out);
    env.stderr.write(said.err);
    return said;
  };
  await provision(tower, image, folder.path);
  await tower("firewall", "apply");
  await using machines = new AsyncDisposableStack();
  if (packages) machines.use(await serveLab(env, cables));
  for (const each of HOSTS) {
    const host = packages && each === ROUTER ? { ...each, uplink: UPLINK } : each;
    machines.use(await startHost(env.runner, cables, host, folder.path, accelerator));
  }
  const start = () => untilUp(env, client, folder.path);
  await toldIn(env, "The hosts start in QEMU", start);
  await tower("status");
  const tried = await toldIn(env, "Try who reaches whom", () => tryAll(client, cables));
  say("\nWho reaches whom, and what the rules say:");
  for (const one of tried) env.stdout.write(`${lineOf(one)}\n`);
  if (packages) await showInstall(tower, OFFLINE.name);
  const code = await atThinClient(env, client, command);
  await tower("poweroff");
  return tried.every(asWanted) ? code : 1;
}

/** Gives the user a shell where there is a terminal, or runs their command; returns its status. */
async function atThinClient(
  env: Env,
  client: ThinClient,
  [program, ...args]: readonly string[],
): Promise<number> {
  if (program !== undefined) {
    const ending = await client.work([program, ...args]);
    return ending.kind === "exited" ? ending.code : 1;
  }
  if (!env.stdoutIsTerminal) return 0;
  env.stderr.write(
    `\nYou are at the thin client. Try: tower status, tower ssh ${OFFLINE.name}, ` +
      `tower firewall check ${ONLINE.name} ${OFFLINE.name}:22. exit ends it all.\n`,
  );
  await client.work(["sh", "-i"]);
  return 0;
}

/** Makes the three hosts with `tower`, from the command line and, for the Wi-Fi, a file. */
async function provision(
  tower: (...args: string[]) => Promise<{ readonly code: number }>,
  image: string,
  folder: string,
): Promise<void> {
  const answers = join(folder, "router.yaml");
  const wlan = "wlan-ssid: Try it\nwlan-password: no such network here\n";
  writeFileAtomic(answers, new TextEncoder().encode(wlan), 0o600);
  const role = { router: ["--answers", answers], office: ["--online"], vault: ["--offline"] };
  for (const { name } of HOSTS) {
    const card = ["--image", image, "--device-file", join(folder, `${name}.img`)];
    const own = role[name as keyof typeof role];
    const { code } = await tower("provision", name, ...own, ...card, "--no-confirm");
    if (code !== 0) throw new TowerError("tool", `Cannot go on: "${name}" was not provisioned`);
  }
}

async function untilUp(env: Env, client: ThinClient, folder: string): Promise<void> {
  for (const deadline = performance.now() + PATIENCE * 1000;;) {
    const { out } = await client.tower("status", "--json");
    const hosts: { name: string; status: string }[] = JSON.parse(out || "[]");
    const down = HOSTS.filter(({ name }) =>
      !hosts.some((host) => host.name === name && host.status === "up")
    );
    if (down.length === 0) return;
    env.signal.throwIfAborted();
    if (performance.now() > deadline) {
      for (const { name } of down) {
        env.stderr.write(
          `--- console of ${name}\n${readText(join(folder, `${name}.log`), 1 << 24)}`,
        );
      }
      const names = down.map(({ name }) => name).join(", ");
      throw new TowerError("tool", `Cannot reach ${names} after ${PATIENCE} s: see above`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

/** Tries each, four at once: a stopped one takes its whole time. */
async function tryAll(client: ThinClient, cables: Cables): Promise<readonly Tried[]> {
  const waiting = triesOf(ONLINE.name, OFFLINE.name).map((one, at) => ({ one, at }));
  const tried: Tried[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      tried[next.at] = await tryOne(client, cables, next.one);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return tried;
}

async function tryOne(client: ThinClient, cables: Cables, one: Try): Promise<Tried> {
  const { from, to, port } = one;
  const at = to === OFFLINE.name || from === OFFLINE.name ? "offline" : "online";
  const address = to === "thinclient" ? TOWER_PLAN[at].thinClient : ADDRESSES[to]!;
  if (from === STRANGER) {
    const outcome = await connect(client, cables.strangers[at], address, port);
    return { ...one, allowed: false, outcome };
  }
  const { code } = await client.tower("firewall", "check", from, `${to}:${port}`);
  const allowed = code === 0;
  if (from === "thinclient") {
    const outcome = await connect(client, cables.thinClient, address, port);
    return { ...one, allowed, outcome };
  }
  const said = await client.tower("ssh", from, "nc", "-w", "3", address, String(port));
  return { ...one, allowed, outcome: outcomeOfNc(said.code, said.err + said.out) };
}

/** Tries to connect from a machine of the cables. */
async function connect(
  client: ThinClient,
  from: Place,
  address: string,
  port: number,
): Promise<Outcome> {
  const argv = [Deno.execPath(), "run", "--allow-net", "--no-check", CONNECT] as const;
  return (await client.ask(from, [...argv, address, String(port)])).out as Outcome;
}

/** What the user's programs know of the machine around them. */
function variablesOf(env: Env): Record<string, string> {
  const cache = env.variable("XDG_CACHE_HOME") ?? join(env.home, ".cache");
  const path = env.variable("PATH");
  return {
    DENO_DIR: env.variable("DENO_DIR") ?? join(cache, "deno"),
    TERM: env.variable("TERM") ?? "dumb",
    ...(path === undefined ? {} : { PATH: path }),
  };
}

if (import.meta.main) await runTask(tryTowerTask);
