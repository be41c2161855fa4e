import { TowerError } from "../errors.ts";
import type { Command, Runner, RunningProcess } from "../proc/command.ts";
import type { NetworkNamespace } from "./network_namespace.ts";

/**
 * A copy of /etc (of an ordinary user's what that user may read), an empty /run, and kernel settings
 * that no network namespace has are files that nobody reads. Whoever is asked for as `$1` is root by
 * another name, so `doas` has nothing to do. Without `-n` mount would write to the machine's own
 * /run/mount, which systemd makes, and fail there for an ordinary user.
 */
export const FURNISH = `
mount -n -t tmpfs tmpfs /run
mkdir /run/etc /run/sshd
mount -n -t tmpfs tmpfs /run/etc
cp -a /etc/. /run/etc 2>/dev/null || [ -e /run/etc/passwd ]
mount -n --move /run/etc /etc
rmdir /run/etc
mount -n -t sysfs sysfs /sys
for folder in dev fs kernel vm; do
	mkdir /run/copy
	mount -n -t tmpfs tmpfs /run/copy
	cp -r "/proc/sys/$folder/." /run/copy 2>/dev/null || :
	mount -n --move /run/copy "/proc/sys/$folder"
	rmdir /run/copy
done
echo "$1:x:0:0::/:/bin/sh" >>/etc/passwd
mount -n -t tmpfs tmpfs /usr/local/sbin
printf '#!/bin/sh\\nexec "$@"\\n' >/usr/local/sbin/doas
chmod 0755 /usr/local/sbin/doas
echo ready
exec cat
`;

/** A machine with files of its own in a network namespace; what it changes goes with it. */
export class MachineSpace implements AsyncDisposable {
  private constructor(
    private readonly runner: Runner,
    private readonly network: NetworkNamespace,
    private readonly holder: RunningProcess,
  ) {}

  /** Makes one whose user, who comes by SSH, is `user`. */
  static async create(runner: Runner, network: NetworkNamespace, user: string) {
    const argv = ["unshare", "--mount", "--", "sh", "-ec", FURNISH, "machine", user] as const;
    const holder = runner.spawn(network.inside({ argv }));
    const reader = holder.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) {
      const said = (await new Response(holder.stderr as never).text()).trim();
      throw new TowerError("tool", `Cannot lay out a machine in namespaces of its own: ${said}`, {
        hint: "it mounts a copy of /etc over /etc there: see user_namespaces(7) for what a " +
          "kernel may forbid, or run it as root",
      });
    }
    return new MachineSpace(runner, network, holder);
  }

  /** A command as it runs there. */
  inside(command: Command): Command {
    const enter = ["nsenter", "--target", String(this.holder.pid), "--mount", "--"];
    return this.network.inside({
      ...command,
      argv: [...enter, ...command.argv] as [string, ...string[]],
    });
  }

  /** Runs a program there; throws unless it ends with 0. */
  async run(...argv: [string, ...string[]]): Promise<string> {
    const { stdout } = await this.runner.run(this.inside({ argv }));
    return new TextDecoder().decode(stdout);
  }

  /** Starts an SSH server on all its addresses that lets the bearer of a key in. */
  async startSshd(hostKey: string, authorizedKeys: string): Promise<RunningProcess> {
    const options = {
      HostKey: hostKey,
      AuthorizedKeysFile: authorizedKeys,
      PidFile: "none",
      StrictModes: "no",
      UsePAM: "no",
      PasswordAuthentication: "no",
      SetEnv: "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
      // A test's probes come all at once.
      MaxStartups: "1000",
    };
    const words = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const server = this.runner.spawn(
      this.inside({ argv: ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", ...words] }),
    );
    void server.stdout.cancel();
    const reader = server.stderr.getReader();
    const said = new TextDecoder().decode((await reader.read()).value);
    if (!said.includes("listening")) throw new Error(`sshd does not listen: ${said}`);
    void (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {});
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.holder[Symbol.asyncDispose]();
  }
}
