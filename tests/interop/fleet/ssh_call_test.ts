import { assertEquals, assertMatch, assertNotMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hostKeyOf, parseKnownHosts, setHostKeys } from "../../../lib/ssh/known_hosts.ts";
import { remoteCommand } from "../../../lib/ssh/remote_command.ts";
import { sshArgv, type SshTarget } from "../../../lib/ssh/ssh_argv.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { byProxies, sshdOf } from "../../support/fleet/package_tower.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers, randomText } from "../../support/program/random_numbers.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const lacks = (...programs: string[]) => programsMissing(runner, ...programs);
const SEED = 20240613;

const SHELL_PIECES = [
  "a",
  "=",
  " ",
  "'",
  '"',
  "\\",
  "$HOME",
  "`id`",
  "*",
  "\n",
  "\t",
  ";",
  "&",
  "|",
  "#",
  "~",
  "!",
  "-",
  "é",
  "\x01",
  "\x7f",
  "{a,b}",
  "[x]",
  "(",
  "<",
  "\r",
  "%s",
  "''",
];

Deno.test({
  ...named("a real shell makes the words of a remote command again", lacks("sh")),
  async fn() {
    const random = randomNumbers(SEED);
    const cases = Array.from(
      { length: 2000 },
      () => Array.from({ length: 1 + random.below(4) }, () => randomText(random, SHELL_PIECES)),
    );
    // A word ends with \x1e, a command with \x1d: pieces have neither.
    const show = `show() { for w in "$@"; do printf '%s\\036' "$w"; done; printf '\\035'; }\n`;
    const script = cases.map((words) => remoteCommand(["show", ...words])).join("\n");
    const seen = (await run("sh", "-c", show + script)).split("\x1d").slice(0, -1)
      .map((text) => text.split("\x1e").slice(0, -1));
    for (const [i, words] of cases.entries()) {
      assertEquals(seen[i], words, `seed ${SEED}, case ${i}`);
    }
  },
});

const noServer = rootMissing() ?? lacks("ssh", "ssh-keygen", "/usr/sbin/sshd", "unshare", "mount");

Deno.test({
  ...named(
    "a real sshd gets the words that were given, and a swapped host key is refused",
    noServer,
  ),
  async fn() {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    for (const name of ["host", "other", "id"]) {
      await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", at(name));
    }
    Deno.copyFileSync(at("id.pub"), at("authorized"));
    // The server talks through a pipe: no port, and its run folder is in a mount of its own.
    const server =
      `mount -t tmpfs t /run && mkdir /run/sshd && exec /usr/sbin/sshd -i -f /dev/null ` +
      `-h ${at("host")} -o AuthorizedKeysFile=${at("authorized")} -o StrictModes=no -o UsePAM=no`;
    const proxy = `unshare --mount sh -c ${remoteCommand([server])}`;
    const trust = { kind: "known", knownHostsFile: at("known"), alias: "office" } as const;
    const target: SshTarget = {
      address: "192.0.2.1",
      user: "root",
      identityFile: at("id"),
      trust,
      connectTimeout: 10,
    };
    const call = (to: SshTarget, command: [string, ...string[]]) =>
      run(...sshArgv(to, { command, options: [["ProxyCommand", proxy]] }));
    const trusting = (name: string) => {
      const key = hostKeyOf(Deno.readTextFileSync(at(`${name}.pub`)))!;
      const known = setHostKeys(parseKnownHosts(""), ["office"], [key]);
      Deno.writeTextFileSync(at("known"), known.lines.map((line) => `${line}\n`).join(""));
    };
    trusting("host");
    const words = ["-x", "--", "a b", "", "$HOME", "it's", "*", "\\", "é\n"];
    assertEquals(
      await call(target, ["printf", "<%s>", ...words]),
      words.map((w) => `<${w}>`).join(""),
    );
    assertEquals(await call(target, ["echo", "-p", "2222"]), "-p 2222\n");
    trusting("other");
    const error = await assertRejects(() => call(target, ["true"]), TowerError);
    assertEquals(/host key verification failed/i.test(error.message), true, error.message);
    const fresh = { kind: "first-seen", knownHostsFile: at("fresh") } as const;
    assertEquals(await call({ ...target, trust: fresh }, ["echo", "1"]), "1\n");
    assertEquals(parseKnownHosts(Deno.readTextFileSync(at("fresh"))).lines.length, 1);
  },
});

Deno.test({
  ...named(
    "who waits for a host that does not answer is told so; who waits for a program there is not",
    rootMissing() ?? programsMissing(runner, "ssh", "ssh-keygen", "/usr/sbin/sshd", "ip"),
  ),
  async fn() {
    await using network = await NetworkNamespace.create(runner);
    await using router = await NetworkNamespace.create(runner);
    // A cable to somebody who takes all and answers nothing.
    const peer = ["peer", "name", "eth0", "netns", String(router.pid)];
    await network.run("ip", "link", "add", "eth0", "type", "veth", ...peer);
    for (const end of [network, router]) await end.run("ip", "link", "set", "eth0", "up");
    await network.run("ip", "address", "add", "192.168.3.100/24", "dev", "eth0");
    const silent = ["192.168.3.200", "lladdr", "02:00:00:00:00:09", "dev", "eth0"];
    await network.run("ip", "neighbour", "add", ...silent);
    using folder = tempFolder();
    const proxies: Record<string, string> = {};
    const ways = byProxies(runner, proxies, (command) => network.inside(command));
    // Short, as homes are: unix(7) has 108 bytes for the path of the shared connection's socket.
    const home = Deno.makeTempDirSync({ prefix: "t-" });
    using _home = { [Symbol.dispose]: () => Deno.removeSync(home, { recursive: true }) };
    using tower = new TowerProgram({ runner: ways, home });
    for (const name of ["office", "vault"]) layHost(tower.folder, name);
    proxies["office"] = await sshdOf(
      runner,
      { tower: tower.folder, name: "office", folder: folder.path, network: router },
    );
    const [down, up] = await Promise.all([
      tower.run("ssh", "vault", "true"),
      tower.run("ssh", "office", "sleep", "5"),
    ]);
    const sockets = join(tower.folder, "control");
    for (const { name } of Deno.readDirSync(sockets)) {
      const argv = ["ssh", "-F", "none", "-o", `ControlPath=${join(sockets, name)}`] as const;
      await runner.run({ argv: [...argv, "-O", "exit", "office"] });
    }
    assertEquals([down.code, up.code], [255, 0]);
    assertMatch(down.err + up.err, /^waiting for "vault" to answer, 5 s at most$/m);
    assertNotMatch(down.err + up.err, /waiting for "office"/);
  },
});
