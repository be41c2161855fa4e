import { join } from "@std/path";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { sshArgv } from "../../../lib/ssh/ssh_argv.ts";
import { PATIENCE } from "./test_machine.ts";

/** A key pair and a client that uses nothing of its user's own. */
export class SshClient {
  readonly #runner: Runner;
  readonly #folder: string;
  /** Its private key. */
  readonly key: string;

  private constructor(runner: Runner, folder: string, readonly publicKey: string) {
    this.#runner = runner;
    this.#folder = folder;
    this.key = join(folder, "id_ed25519");
  }

  /** Makes a key pair in a folder. */
  static async create(runner: Runner, folder: string): Promise<SshClient> {
    const key = join(folder, "id_ed25519");
    await runner.run({
      argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key],
    });
    return new SshClient(runner, folder, Deno.readTextFileSync(`${key}.pub`).trim());
  }

  /** Runs a shell command on a host; returns its output. The first key a host shows is kept. */
  async run(
    host: { address: string; port?: number; user?: string },
    command: string,
    place: (command: Command) => Command = (command) => command,
  ): Promise<string> {
    const argv = sshArgv({
      address: host.address,
      port: host.port ?? 22,
      user: host.user ?? "root",
      identityFile: this.key,
      trust: { kind: "first-seen", knownHostsFile: join(this.#folder, "known_hosts") },
      connectTimeout: 5 * PATIENCE,
    }, { command: ["sh", "-c", command] });
    const { stdout } = await this.#runner.run(place({ argv }));
    return new TextDecoder().decode(stdout);
  }
}
