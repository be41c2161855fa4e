import type { Command, Runner, RunningProcess } from "../proc/command.ts";

/**
 * A network of a test's own: no interface but those that the test makes, no way out. It ends with
 * its owner, also when the test is killed, because the process that holds it waits for the end of
 * a pipe.
 */
export class NetworkNamespace implements AsyncDisposable {
  readonly #runner: Runner;
  readonly #holder: RunningProcess;
  readonly #enter: readonly [string, ...string[]];

  private constructor(runner: Runner, holder: RunningProcess, own: boolean) {
    this.#runner = runner;
    this.#holder = holder;
    const user = own ? ["--user", "--preserve-credentials"] : [];
    this.#enter = ["nsenter", "--target", String(holder.pid), "--net", ...user, "--"];
  }

  /** Makes one; as an ordinary user in a user namespace of its own. */
  static async create(runner: Runner): Promise<NetworkNamespace> {
    const own = Deno.uid() !== 0;
    const flags = own ? ["--map-root-user", "--net"] : ["--net"];
    const holder = runner.spawn({ argv: ["unshare", ...flags, "--", "sh", "-c", "echo; cat"] });
    // The line says that the namespace is there.
    const reader = holder.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) throw new Error("unshare made no network namespace");
    const namespace = new NetworkNamespace(runner, holder, own);
    await namespace.run("ip", "link", "set", "lo", "up");
    return namespace;
  }

  /** The process that holds it: what `ip link … netns` takes. */
  get pid(): number {
    return this.#holder.pid;
  }

  /** A command as it runs inside. */
  inside(command: Command): Command {
    return { ...command, argv: [...this.#enter, ...command.argv] as [string, ...string[]] };
  }

  /** Runs a program inside; throws unless it ends with 0. */
  async run(...argv: [string, ...string[]]): Promise<string> {
    const { stdout } = await this.#runner.run(this.inside({ argv }));
    return new TextDecoder().decode(stdout);
  }

  /** An interface that a virtual machine plugs into; this side has `address` (with prefix). */
  async addTap(name: string, ...addresses: readonly string[]): Promise<void> {
    await this.run("ip", "tuntap", "add", name, "mode", "tap");
    for (const address of addresses) {
      const options = address.includes(":") ? ["nodad"] : [];
      await this.run("ip", "address", "add", address, "dev", name, ...options);
    }
    await this.run("ip", "link", "set", name, "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}
