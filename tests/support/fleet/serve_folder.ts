import { join } from "@std/path";
import type { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";

/** A web server of a folder in a network. */
export async function serveFolder(
  runner: Runner,
  network: NetworkNamespace,
  folder: string,
  rate?: number,
): Promise<{ server: RunningProcess; asked: readonly string[] }> {
  const program = join(import.meta.dirname!, "folder_server.ts");
  const argv = [
    Deno.execPath(),
    "run",
    "--no-lock",
    "--allow-net",
    "--allow-read",
    program,
    folder,
    ...rate === undefined ? [] : [String(rate)],
  ];
  const server = runner.spawn(network.inside({ argv: argv as [string, ...string[]] }));
  void server.stderr.cancel();
  const asked: string[] = [];
  const started = Promise.withResolvers<void>();
  void (async () => {
    let rest = "";
    for await (const part of server.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${part}`.split("\n");
      rest = lines.pop()!;
      // The first says that it listens.
      asked.push(...lines.filter((line) => line.startsWith("/")));
      started.resolve();
    }
    started.reject(new Error("the server of the repository does not start"));
  })();
  await started.promise;
  return { server, asked };
}
