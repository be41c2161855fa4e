import { join } from "@std/path";
import type { Command, Runner } from "../../lib/proc/command.ts";

/** A key pair and a client that uses nothing of its user's own. */
export class SshClient {
  readonly #runner: Runner;
  readonly #folder: string;

  private constructor(runner: Runner, folder: string, readonly publicKey: string) {
    this.#runner = runner;
    this.#folder = folder;
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
    const options = {
      UserKnownHostsFile: join(this.#folder, "known_hosts"),
      GlobalKnownHostsFile: "/dev/null",
      StrictHostKeyChecking: "accept-new",
      IdentitiesOnly: "yes",
      IdentityAgent: "none",
      BatchMode: "yes",
      ConnectTimeout: "5",
      LogLevel: "ERROR",
    };
    const { stdout } = await this.#runner.run(place({
      argv: [
        "ssh",
        ...["-F", "none", "-i", join(this.#folder, "id_ed25519"), "-p", String(host.port ?? 22)],
        ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
        `${host.user ?? "root"}@${host.address}`,
        command,
      ],
    }));
    return new TextDecoder().decode(stdout);
  }
}
