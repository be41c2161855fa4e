import { join } from "@std/path";
import { testHost } from "../../../lib/fleet/test_host.ts";
import type { Command, Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { writeTowerEnv } from "../../../lib/tower_env/tower_env.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { sshInside } from "./tower_program.ts";

/** The user of the hosts. */
const USER = "alice";
/** An sshd runs on its own address with a passwd of its own, in which the user exists. */
const START = `
mount --bind "$1" /etc/passwd
mkdir -p /run/sshd
shift
exec /usr/sbin/sshd "$@"
`;

/** Why such hosts cannot be had here, or undefined. For `ignore`. */
export function manyHostsMissing(): string | undefined {
  if (Deno.uid() !== 0) return "sshd for another user needs root";
  const missing = ["/usr/sbin/sshd", "/usr/bin/ssh-keygen"].filter((path) => {
    try {
      return !Deno.statSync(path).isFile;
    } catch {
      return true;
    }
  });
  return missing.length > 0 ? `${missing.join(", ")} missing` : undefined;
}

/** A host of a test; `answer` is a shell command that runs instead of what is asked for. */
export interface FakeHost {
  readonly name: string;
  readonly answer?: string;
}

/** Real sshd instances, each on an address of the tower in a network of the test's own. */
export class ManyHosts implements AsyncDisposable {
  private constructor(
    /** Its ssh runs in their network. */
    readonly runner: Runner,
    private readonly network: NetworkNamespace,
    private readonly owned: AsyncDisposableStack,
  ) {}

  /** A command as it runs in their network. */
  inside(command: Command): Command {
    return this.network.inside(command);
  }

  /** Starts them and writes `~/.local/tower` as TowerOS lays it out, without known_hosts. */
  static async start(home: string, hosts: readonly FakeHost[]): Promise<ManyHosts> {
    await using stack = new AsyncDisposableStack();
    const real = denoRunner();
    const network = stack.use(await NetworkNamespace.create(real));
    const tower = join(home, ".local/tower");
    Deno.mkdirSync(join(tower, "hosts"), { recursive: true, mode: 0o700 });
    const passwd = join(home, "passwd");
    const line = `${USER}:x:65533:65533::/:/bin/sh\n`;
    Deno.writeTextFileSync(passwd, Deno.readTextFileSync("/etc/passwd") + line);
    const login = join(home, "login");
    // sshd reads the authorized keys as the user who comes in.
    for (const path of [join(home, ".."), home]) Deno.chmodSync(path, 0o755);
    await keygen(real, login);
    for (const [i, host] of hosts.entries()) {
      const address = `192.168.2.${i + 2 + (i >= 98 ? 1 : 0)}`;
      await network.run("ip", "address", "add", `${address}/32`, "dev", "lo");
      const folder = await writeHost(real, { tower, login, address }, host.name);
      const argv = sshdArgv({ passwd, folder, address, authorized: `${login}.pub` }, host.answer);
      const server = stack.use(real.spawn(network.inside({ argv })));
      await listening(server);
    }
    const runner = sshInside(real, (command) => network.inside(command));
    return new ManyHosts(runner, network, stack.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync();
  }
}

function keygen(runner: Runner, path: string) {
  return runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path] });
}

async function writeHost(
  runner: Runner,
  { tower, login, address }: { tower: string; login: string; address: string },
  name: string,
): Promise<string> {
  const folder = join(tower, "hosts", name);
  Deno.mkdirSync(folder, { mode: 0o700 });
  await keygen(runner, join(folder, "ssh_host_ed25519_key"));
  for (const end of ["", ".pub"]) Deno.copyFileSync(login + end, join(folder, `id_ed25519${end}`));
  const { env } = testHost(name, address);
  const bytes = writeTowerEnv({ ...env, username: USER }, "thinclient");
  Deno.writeFileSync(join(folder, "tower.env"), bytes, { mode: 0o600 });
  return folder;
}

function sshdArgv(
  place: { passwd: string; folder: string; address: string; authorized: string },
  answer: string | undefined,
): [string, ...string[]] {
  const options = {
    ListenAddress: place.address,
    HostKey: join(place.folder, "ssh_host_ed25519_key"),
    AuthorizedKeysFile: place.authorized,
    PidFile: "none",
    StrictModes: "no",
    UsePAM: "no",
    PasswordAuthentication: "no",
    ...(answer === undefined ? {} : { ForceCommand: answer }),
  };
  const words = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const sshd = ["-D", "-e", "-f", "/dev/null", ...words];
  return ["unshare", "--mount", "--", "sh", "-ec", START, "sshd", place.passwd, ...sshd];
}

async function listening(server: RunningProcess): Promise<void> {
  void server.stdout.cancel();
  const reader = server.stderr.getReader();
  const { value } = await reader.read();
  const said = new TextDecoder().decode(value);
  if (!said.includes("listening")) throw new Error(`sshd does not listen: ${said}`);
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
}
