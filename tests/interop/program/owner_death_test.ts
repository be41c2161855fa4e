import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Command, RunningProcess } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { ManyHosts, manyHostsMissing } from "../../support/fleet/many_hosts.ts";
import { named } from "../../support/program/missing_programs.ts";
import { towerCommand } from "../../support/fleet/provisioning.ts";

const runner = denoRunner();
const missing = manyHostsMissing();
const OWNER = fromFileUrl(new URL("../../support/program/tunnel_owner.ts", import.meta.url));
const FACTS = '{"agent":1,"time":1700000000,"system":"x","kernel":"6","load":"0.01",' +
  '"uptime":1,"processors":1,"memoryTotal":4,"memoryAvailable":3,"temperature":null,' +
  '"diskTotal":9,"diskUsed":1,"packages":1}';
/** What hosts do: they are up, are not done while the connection is there, and hold tunnels open. */
const ANSWER = "case $SSH_ORIGINAL_COMMAND in *reboot* | *wait-for-ever*) exec sleep 300 ;; " +
  `*"echo open"*) sh -c "$SSH_ORIGINAL_COMMAND" ;; *) echo '${FACTS}' ;; esac`;

/** Processes of this machine that have a text among their words: their numbers and words. */
function processesWith(text: string): { pid: number; words: string[] }[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => {
      try {
        const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
        return words.some((word) => word.includes(text)) ? [{ pid: Number(name), words }] : [];
      } catch {
        return []; // it ended just now
      }
    });
}

/** The clients that log in with a key below this folder. */
function clientsOf(home: string): number[] {
  return processesWith(`${home}/.local/tower`).filter(({ words }) => words[0]?.endsWith("ssh"))
    .map(({ pid }) => pid);
}

async function eventually(what: string, check: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !check();) {
    if (performance.now() > end) throw new Error(`${what}: still not`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a program writes, up to a text or its end. */
async function readUntil(child: RunningProcess, text: string): Promise<string> {
  let said = "";
  for await (const part of child.stdout.values({ preventCancel: true })) {
    said += new TextDecoder().decode(part);
    if (said.includes(text)) break;
  }
  return said;
}

async function withHost(
  work: (host: { home: string; inside: (command: Command) => Command }) => Promise<void>,
): Promise<void> {
  using folder = tempFolder();
  const home = join(folder.path, "home");
  Deno.mkdirSync(home);
  await using hosts = await ManyHosts.start(home, [{ name: "web", answer: ANSWER }]);
  await work({ home, inside: (command) => hosts.inside(command) });
  await eventually("no client is left", () => clientsOf(home).length === 0);
}

/** The program that holds a tunnel open, in the hosts' network. */
function owner(home: string, at: "client" | "host", to = "8080"): Command {
  const { variables } = towerCommand(home);
  const argv = [Deno.execPath(), "run", "--allow-all", "--no-check", OWNER, at, "web", to] as const;
  return { argv: [...argv], variables };
}

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  Deno.test({
    ...named(`tower that ${signal} ends leaves no ssh that waits for a host`, missing),
    fn: () =>
      withHost(async ({ home, inside }) => {
        await using tower = runner.spawn(inside(towerCommand(home, "reboot", "web")));
        const isAsked = () =>
          processesWith(`${home}/.local`).some(({ words }) =>
            words[0]?.endsWith("ssh") && words.some((word) => word.includes("doas reboot"))
          );
        await eventually("the host is asked", isAsked);
        tower.kill(signal);
        const ending = await tower.ended;
        if (signal === "SIGKILL") assertEquals(ending, { kind: "signalled", signal });
        else assertEquals(ending, { kind: "exited", code: 130 });
      }),
  });
}

for (const at of ["client", "host"] as const) {
  Deno.test({
    ...named(`a tunnel that listens at the ${at} ends with its killed owner`, missing),
    fn: () =>
      withHost(async ({ home, inside }) => {
        await using child = runner.spawn(inside(owner(home, at)));
        assertEquals(await readUntil(child, "\n"), "through the tunnel\n");
        await eventually("it waits in the tunnel", () => clientsOf(home).length === 2);
        child.kill("SIGKILL");
        await child.ended;
      }),
  });
}

Deno.test({
  ...named("a tunnel whose link is lost ends the step that is done in it", missing),
  fn: () =>
    withHost(async ({ home, inside }) => {
      await using child = runner.spawn(inside(owner(home, "client")));
      await readUntil(child, "tunnel\n");
      await eventually("it waits in the tunnel", () => clientsOf(home).length === 2);
      const tunnel = processesWith(`${home}/.local`).find(({ words }) =>
        words[0]?.endsWith("ssh") && words.some((word) => word.includes("echo open"))
      );
      assert(tunnel);
      Deno.kill(tunnel.pid, "SIGKILL");
      const said = await readUntil(child, "\n");
      assertStringIncludes(said, 'Cannot go on with "web": the tunnel to it is gone');
      await eventually("what was done in it has ended", () => clientsOf(home).length === 0);
      await child.stdin.close();
      assertEquals(await child.ended, { kind: "exited", code: 0 });
    }),
});

Deno.test({
  ...named("a tunnel whose port is taken is refused, and says at which end", missing),
  fn: () =>
    withHost(async ({ home, inside }) => {
      // Both ends are in one network here.
      await using first = runner.spawn(inside(owner(home, "client")));
      await readUntil(first, "tunnel\n");
      for (const [at, where] of [["client", "this machine"], ["host", '"web"']] as const) {
        await using second = runner.spawn(inside(owner(home, at, "8081")));
        await readUntil(second, "tunnel\n");
        const said = await readUntil(second, "\n");
        assertStringIncludes(said, `Cannot forward port 4443 of ${where}: it is not to be had`);
      }
    }),
});
