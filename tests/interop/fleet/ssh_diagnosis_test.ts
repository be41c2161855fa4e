import { assertEquals, assertMatch, assertNotMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { testHost } from "../../../lib/fleet/test_host.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { sshSession } from "../../../lib/session/ssh_session.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { ManyHosts, manyHostsMissing } from "../../support/fleet/many_hosts.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();

/** What a server may say instead of making a connection. */
const WORDS = [
  "Host key verification failed.",
  "\r\nHost key verification failed.\r\n",
  `\n${"@".repeat(59)}\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n`,
  "\ntower@127.0.0.1: Permission denied (publickey).\r\n",
  "Connection timed out",
];

/** An SSH packet before any key is agreed on (RFC 4253, §6): disconnect, for a reason, with words. */
function disconnect(words: string): Uint8Array {
  const text = new TextEncoder().encode(words);
  const size = 1 + 4 + 4 + text.length + 4;
  const padding = 8 - (5 + size) % 8 + 8;
  const packet = new Uint8Array(5 + size + padding);
  const view = new DataView(packet.buffer);
  view.setUint32(0, packet.length - 4);
  packet[4] = padding;
  packet[5] = 1;
  view.setUint32(6, 2);
  view.setUint32(10, text.length);
  packet.set(text, 14);
  return packet;
}

Deno.test({
  ...named(
    "the words of a server that disconnects do not make it one with another key",
    programsMissing(runner, "ssh", "ssh-keygen"),
  ),
  async fn() {
    using folder = tempFolder();
    const hosts = join(folder.path, "hosts/office");
    Deno.mkdirSync(hosts, { recursive: true });
    await runner.run({
      argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(hosts, "id_ed25519")],
    });
    Deno.writeTextFileSync(join(folder.path, "known_hosts"), "");
    const paths = { folder: folder.path };
    for (const words of WORDS) {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const served = (async () => {
        using connection = await listener.accept();
        await connection.write(new TextEncoder().encode("SSH-2.0-x\r\n"));
        await connection.write(disconnect(words));
        while (await connection.read(new Uint8Array(4096)).catch(() => null) !== null);
      })();
      const host = { ...testHost("office", "127.0.0.1"), port };
      const { signal } = new AbortController();
      const session = sshSession(host, { runner, paths, signal, connectTimeout: 5 });
      const error = await assertRejects(
        () => session.exec({ argv: ["true"], deadline: 20, outputLimit: 100 }),
        TowerError,
      );
      assertEquals([error.code, error.message.includes("it closed the connection")], [
        "unreachable",
        true,
      ], `${JSON.stringify(words)}: ${error.message}`);
      await served;
    }
  },
});

Deno.test({
  ...named("what a host's program says and ends with is not taken for ssh's", manyHostsMissing()),
  async fn() {
    using tower = new TowerProgram();
    const evil = {
      key: "echo 'Host key verification failed.' >&2; exit 255",
      login: "echo 'alice@192.168.2.3: Permission denied (publickey).' >&2; exit 255",
      quiet: "exit 255",
      timeout: "echo 'ssh: connect to host 1.1.1.1 port 22: Connection timed out' >&2; exit 255",
    };
    await using hosts = await ManyHosts.start(
      tower.env.home,
      Object.entries(evil).map(([name, answer]) => ({ name, answer })),
    );
    using asking = new TowerProgram({ runner: hosts.runner, home: tower.env.home });
    const { code, out } = await asking.run("status");
    assertEquals(code, 3, out);
    for (const name of Object.keys(evil)) {
      assertMatch(out, new RegExp(`^${name} +fault `, "m"));
      assertMatch(out, new RegExp(`^${name}: Cannot ask "${name}": its shell failed$`, "m"));
    }
    assertNotMatch(out, /another key|let alice in/);
  },
});
