import { silent } from "../../../lib/report/event.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { findHost } from "../../../lib/fleet/host.ts";
import type { Plan } from "../../../lib/fleet/operations/step.ts";
import { runPlan } from "../../../lib/session/executor.ts";
import { sshSession } from "../../../lib/session/ssh_session.ts";
import { ensureKnownHosts } from "../../../lib/inventory/inventory_files.ts";
import { inventoryPlace } from "../../../lib/inventory/inventory_reader.ts";
import { readInventory } from "../../../lib/inventory/read_inventory.ts";

/** The tunnel's port on the loopback. */
const LISTEN = 4443;

/**
 * Has a host do something that takes for ever, in a tunnel through which something was read; says
 * what that was, and how it ended; stays until its input ends. Arguments: the end of the tunnel that listens, the host,
 * and the port of what it leads to.
 */
async function main([at, name, to]: readonly string[]): Promise<void> {
  const home = Deno.env.get("HOME")!;
  const runner = denoRunner();
  const { signal } = new AbortController();
  const place = inventoryPlace(home, signal);
  const inventory = await readInventory(place);
  await ensureKnownHosts(place, inventory);
  const host = findHost(inventory, name!);
  using server = Deno.listen({ hostname: "127.0.0.1", port: Number(to) });
  void (async () => {
    for await (const connection of server) {
      await connection.write(new TextEncoder().encode("through the tunnel\n"));
      connection.close();
    }
  })();
  const plan: Plan = [[{
    host,
    title: "wait",
    steps: [{
      kind: "forward",
      title: "open a way",
      at: at as "client" | "host",
      listen: LISTEN,
      to: Number(to),
      steps: [{ kind: "exec", title: "wait", argv: ["wait-for-ever"] }],
    }],
  }]];
  const open = () => sshSession(host, { runner, paths: place, signal, connectTimeout: 5 });
  const outcomes = runPlan(plan, open, { parallel: 1, signal, reporter: silent });
  say(await greeting());
  for (const { result } of await outcomes) {
    say(result.kind === "failed" ? (result.error as Error).message : "done");
  }
  server.close();
  await Deno.stdin.read(new Uint8Array(1));
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function greeting(): Promise<string> {
  for (let tries = 0;; tries++) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: LISTEN });
      return (await new Response(connection.readable).text()).trim();
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

if (import.meta.main) await main(Deno.args);
