import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { SSHD, sshdOf, sshdText } from "../../../lib/hardening/sshd.ts";
import type { Command, RunningProcess } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { sshArgv } from "../../../lib/ssh/ssh_argv.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";

const runner = denoRunner();
const ADDRESS = "192.168.9.1";
const ADDRESSES = ["127.0.0.1", ADDRESS];
const PORTS = [22, 443];

/** An sshd with the lines of a role's host, at two ports of two addresses. */
async function startSshd(
  network: NetworkNamespace,
  folder: string,
  role: "online" | "router",
): Promise<RunningProcess> {
  const config = join(folder, `${role}.conf`);
  Deno.writeTextFileSync(config, sshdText([...SSHD, ...sshdOf(role)]));
  // The first value counts. The account of the test is root's.
  const own = [
    ...["PermitRootLogin=prohibit-password", "StrictModes=no", "PidFile=none", "UsePAM=no"],
    ...[`AuthorizedKeysFile=${folder}/id.pub`, `HostKey=${folder}/id`],
    ...PORTS.map((port) => `Port=${port}`),
    ...ADDRESSES.map((address) => `ListenAddress=${address}`),
  ];
  Deno.mkdirSync("/run/sshd", { recursive: true });
  const server = runner.spawn(network.inside({
    argv: ["/usr/sbin/sshd", "-D", "-e", "-f", config, ...own.flatMap((o) => ["-o", o])],
  }));
  void server.stdout.cancel();
  const reader = server.stderr.getReader();
  let said = "";
  while (said.split("listening on").length <= PORTS.length * ADDRESSES.length) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`sshd does not listen: ${said}`);
    said += new TextDecoder().decode(value);
  }
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return server;
}

/** What a program says that listens on a socket, or will. */
async function firstWord(path: string): Promise<string> {
  for (let tries = 0;; tries++) {
    try {
      using connection = await Deno.connect({ transport: "unix", path });
      const bytes = new Uint8Array(16);
      return new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

Deno.test({
  ...named(
    "forwards end at a host's loopback and at sockets, the router's at packages",
    rootMissing() ?? programsMissing(runner, "ssh", "ssh-keygen", "ip", "unshare"),
  ),
  async fn(t) {
    using folder = tempFolder();
    const { path } = folder;
    await runner.run({
      argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(path, "id")],
    });
    await using network = await NetworkNamespace.create(runner);
    await network.run("ip", "address", "add", `${ADDRESS}/24`, "dev", "lo");
    const argv = sshArgv({
      address: "127.0.0.1",
      user: "root",
      identityFile: join(path, "id"),
      trust: { kind: "first-seen", knownHostsFile: join(path, "known") },
      connectTimeout: 10,
    });
    const ssh = async (...more: string[]) => {
      const [program, ...rest] = argv;
      const call: Command = { argv: [program, ...more, ...rest, "true"] };
      const { stdout } = await runner.run(network.inside(call));
      return new TextDecoder().decode(stdout);
    };
    const works = (...more: string[]) => ssh(...more).then(() => true, () => false);
    const reached = (to: string) =>
      ssh("-W", to).then((text) => text.startsWith("SSH-2.0"), () => false);

    await t.step("of any host", async () => {
      await using _server = await startSshd(network, path, "online");
      const offers = {
        "127.0.0.1:0:127.0.0.1:9": true,
        "localhost:0:127.0.0.1:9": true,
        "0:127.0.0.1:9": true,
        [`${path}/h.sock:${path}/l.sock`]: true,
        [`${ADDRESS}:0:127.0.0.1:9`]: false,
        "0.0.0.0:0:127.0.0.1:9": false,
        "*:0:127.0.0.1:9": false,
      };
      for (const [offer, isTaken] of Object.entries(offers)) {
        assertEquals(await works("-R", offer), isTaken, offer);
      }
    });
    await t.step("of a host's socket", async () => {
      await using _server = await startSshd(network, path, "online");
      using listener = Deno.listen({ transport: "unix", path: join(path, "program") });
      const served = (async () => {
        using connection = await listener.accept();
        await connection.write(new TextEncoder().encode("hello"));
      })();
      const near = join(path, "near");
      const [program, ...rest] = argv;
      await using forward = runner.spawn(network.inside({
        argv: [program, "-N", "-L", `${near}:${join(path, "program")}`, ...rest],
      }));
      void forward.stdout.cancel();
      void forward.stderr.cancel();
      assertEquals(await firstWord(near), "hello");
      await served;
    });
    await t.step("of the router", async () => {
      await using _server = await startSshd(network, path, "router");
      const ways = { "127.0.0.1:22": true, [`${ADDRESS}:443`]: true, [`${ADDRESS}:22`]: false };
      for (const [to, isOpen] of Object.entries(ways)) assertEquals(await reached(to), isOpen, to);
    });
  },
});
