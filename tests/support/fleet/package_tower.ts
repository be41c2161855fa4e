import { join } from "@std/path";
import { PATIENCE, type Patience } from "../../../lib/fetch/patience.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import type { Command, Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { remoteCommand } from "../../../lib/ssh/remote_command.ts";
import { oracleData } from "../apk/alpine_oracle.ts";
import { TEST_KEY, type TestKey } from "../apk/test_keys.ts";
import { rootMissing } from "../format/disk_tree.ts";
import { tempFolder } from "../program/file_sink.ts";
import { programsMissing } from "../program/missing_programs.ts";
import { serveFolder } from "./serve_folder.ts";
import { layHost } from "./laid_host.ts";
import { TowerProgram } from "./tower_program.ts";

/** Why there can be none on this machine; undefined where there can. */
export function packageTowerMissing(runner: Runner): string | undefined {
  return rootMissing() ??
    (oracleData() === undefined ? "real Alpine data (TOWER_ORACLE_DATA)" : undefined) ??
    programsMissing(
      runner,
      "ssh",
      "ssh-keygen",
      "/usr/sbin/sshd",
      "unshare",
      "ss",
      "tar",
      "ip6tables-save",
    );
}

/** Where the repository answers, in the router's network alone. */
export const REPOSITORY = "http://192.0.2.1/alpine";

/**
 * A tower whose hosts are networks of their own with a real sshd each: `vault`, a real Alpine with
 * real apk and no way out, and `router`, in whose network alone a repository answers.
 */
export class PackageTower implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    readonly tower: TowerProgram,
    /** The roots of the offline hosts, by their names. */
    readonly roots: Readonly<Record<string, string>>,
    /** What the repository serves: its folder by architecture is in it. */
    readonly repository: string,
    /** The networks of all hosts, by their names. */
    readonly networks: Readonly<Record<string, NetworkNamespace>>,
    /** A folder for PATH whose `ssh` reaches the hosts, for a program of its own. */
    readonly programs: string,
    /** The paths that the repository was asked for so far. */
    readonly asked: readonly string[],
  ) {}

  /** The network of `vault`. */
  get vault(): NetworkNamespace {
    return this.networks["vault"]!;
  }

  /** The root of `vault`. */
  get root(): string {
    return this.roots["vault"]!;
  }

  /**
   * @param data Where real packages and a real root lie.
   * @param others Offline hosts beside `vault`.
   * @param rate Bytes a second of the line to the repository.
   * @param patience of the tower with repositories
   */
  static async create(
    runner: Runner,
    data: string,
    others: readonly string[] = [],
    rate?: number,
    patience: Patience = PATIENCE,
  ): Promise<PackageTower> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(tempFolder()).path;
    const repository = join(folder, "alpine");
    await runner.run({ argv: ["cp", "-r", join(data, "alpine-3.19/apks"), repository] });
    const roots: Record<string, string> = {};
    for (const name of ["vault", ...others]) {
      roots[name] = join(folder, `root-${name}`);
      await layRoot(runner, data, roots[name]);
    }
    const router = stack.use(await NetworkNamespace.create(runner));
    await router.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo");
    const { server, asked } = await serveFolder(runner, router, folder, rate);
    stack.use(server);
    const networks: Record<string, NetworkNamespace> = { router };
    for (const name of Object.keys(roots)) {
      networks[name] = stack.use(await NetworkNamespace.create(runner));
      await layRules(networks[name]);
    }
    const proxies: Record<string, string> = {};
    const tower = stack.use(
      new TowerProgram({ runner: byProxies(runner, proxies, noWay), patience }),
    );
    for (const [name, network] of Object.entries(networks)) {
      layHost(tower.folder, name);
      proxies[name] = await sshdOf(
        runner,
        { tower: tower.folder, name, folder, network },
        roots[name],
      );
    }
    const programs = join(folder, "programs");
    Deno.mkdirSync(programs);
    Deno.writeTextFileSync(join(programs, "ssh"), sshScript(proxies), { mode: 0o755 });
    const made = new PackageTower(tower, roots, repository, networks, programs, asked);
    made.#stack.use(stack.move());
    return made;
  }

  /** Has the hosts know the repository `own` alone, which a test makes. @param keyOf whose keys they trust */
  knowOwn(keyOf: (host: string) => TestKey = () => TEST_KEY): void {
    for (const [host, root] of Object.entries(this.roots)) {
      const { name, pem } = keyOf(host).trusted;
      Deno.writeTextFileSync(join(root, "etc/apk/repositories"), `${REPOSITORY}/own\n`);
      Deno.writeTextFileSync(join(root, "etc/apk/keys", name), pem);
    }
  }

  /** `tower` as a program of its own, which may be killed. */
  start(runner: Runner, ...words: string[]): Promise<RunningProcess> {
    return this.startBy(this.programs, runner, ...words);
  }

  /** @param programs a folder for PATH */
  async startBy(programs: string, runner: Runner, ...words: string[]): Promise<RunningProcess> {
    return runner.spawn(await this.command(runner, words, { programs }));
  }

  /** @param flags Deno's own */
  async command(
    runner: Runner,
    words: readonly string[],
    { flags = [], programs = this.programs, home = this.tower.env.home }: {
      readonly flags?: readonly string[];
      readonly programs?: string;
      readonly home?: string;
    } = {},
  ): Promise<Command> {
    const main = join(import.meta.dirname!, "../../../cli/main.ts");
    const { stdout } = await runner.run({ argv: [Deno.execPath(), "info", "--json"] });
    const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
    const PATH = `${programs}:/usr/bin:/usr/sbin`;
    return {
      argv: [Deno.execPath(), "run", "-A", "--no-check", ...flags, main, ...words],
      variables: { HOME: home, PATH, DENO_DIR: denoDir },
    };
  }

  /**
   * `tower` of a user who has no tower, in the network where the repository answers.
   * @param home of that user
   */
  async elsewhere(runner: Runner, home: string, ...words: string[]): Promise<Command> {
    const command = await this.command(runner, words, { programs: "/usr/bin", home });
    return this.networks["router"]!.inside(command);
  }

  /** The processes that hold its ways beyond the router. */
  forwardsOf(): number[] {
    return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
        return words[0]?.endsWith("ssh") && words.some((word) =>
          word.startsWith("LocalForward=")
        ) &&
          words.some((word) => word.includes(this.tower.folder));
      } catch {
        return false;
      }
    }).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/**
 * What speaks to a real sshd in a network, as a host of an inventory; a program for ProxyCommand.
 * @param root of the host, where it is not this machine's
 */
export async function sshdOf(
  runner: Runner,
  { tower, name, folder, network }: {
    readonly tower: string;
    readonly name: string;
    /** Where its own key goes. */
    readonly folder: string;
    readonly network: NetworkNamespace;
  },
  root?: string,
): Promise<string> {
  const own = join(tower, "hosts", name), key = join(folder, name);
  for (const path of [key, join(own, "id_ed25519")]) {
    await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path] });
  }
  Deno.copyFileSync(`${key}.pub`, join(own, "ssh_host_ed25519_key.pub"));
  const forced = `/usr/sbin/chroot ${root} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`;
  const sshd = [
    ...["/usr/sbin/sshd", "-i", "-f", "/dev/null", "-h", key, "-o", "StrictModes=no"],
    ...["-o", "UsePAM=no", "-o", `AuthorizedKeysFile=${own}/id_ed25519.pub`],
    ...root === undefined ? [] : ["-o", `ForceCommand=${forced}`],
  ] as [string, ...string[]];
  const script = `mount -t tmpfs t /run && mkdir /run/sshd && exec ${remoteCommand(sshd)}`;
  const argv = ["unshare", "--mount", "sh", "-c", script] as [string, ...string[]];
  return remoteCommand(network.inside({ argv }).argv);
}

/** The root of an offline host: Alpine's smallest, with a doas that asks nobody. */
export async function layRoot(runner: Runner, data: string, root: string): Promise<void> {
  Deno.mkdirSync(root);
  const archive = join(data, "alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
  await runner.run({ argv: ["tar", "-xzf", archive, "-C", root] });
  Deno.writeTextFileSync(join(root, "etc/apk/repositories"), `${REPOSITORY}\n`);
  const doas = '#!/bin/sh\nexport PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexec "$@"\n';
  Deno.writeTextFileSync(join(root, "usr/bin/doas"), doas, { mode: 0o755 });
}

/** Rules as a host has them: whoever empties a table or adds to it is seen. */
async function layRules(network: NetworkNamespace): Promise<void> {
  const reject = ["-d", "192.0.2.77", "-j", "REJECT"];
  const redirect = ["-p", "tcp", "-d", "192.0.2.78", "-j", "REDIRECT", "--to-ports", "9"];
  await network.run("iptables", "-A", "OUTPUT", ...reject);
  await network.run("iptables", "-t", "nat", "-A", "OUTPUT", ...redirect);
  await network.run("ip6tables", "-A", "OUTPUT", "-j", "REJECT");
}

/**
 * A runner whose ssh reaches each host through a program instead of a network.
 * @param elsewhere how ssh reaches those that have none
 */
export function byProxies(
  runner: Runner,
  proxies: Readonly<Record<string, string>>,
  elsewhere: (command: Command) => Command = (command) => command,
): Runner {
  const placed = (command: Command): Command => {
    const [program, ...rest] = command.argv;
    if (program !== "ssh") return command;
    const alias = rest.find((word) => word.startsWith("HostKeyAlias="))?.split("=")[1];
    const proxy = proxies[alias ?? ""];
    if (proxy === undefined) return elsewhere(command);
    const own = [`ProxyCommand=${proxy}`, "User=root"];
    return { ...command, argv: [program, ...own.flatMap((option) => ["-o", option]), ...rest] };
  };
  return {
    which: (program) => runner.which(program),
    run: (command, options) => runner.run(placed(command), options),
    spawn: (command, options) => runner.spawn(placed(command), options),
  };
}

const noWay = (command: Command): Command => ({ ...command, argv: ["false"] });

/** The same as a program: the first value of an option counts. */
function sshScript(proxies: Readonly<Record<string, string>>): string {
  const cases = Object.entries(proxies).map(([name, proxy]) =>
    `*HostKeyAlias=${name}" "*) proxy=${remoteCommand([proxy])} ;;\n`
  );
  return `#!/bin/sh\ncase "$* " in\n${cases.join("").replaceAll('" "', "\\ ")}esac\n` +
    'exec /usr/bin/ssh -o "ProxyCommand=$proxy" -o User=root "$@"\n';
}
