/**
 * Serves an Alpine repository beyond the router: `http://192.0.2.1/lab/ARCH/FILE` and nothing else.
 *
 *     deno run --allow-net --allow-read serve_repository.ts FOLDER
 */
import { join } from "@std/path";

const [folder = ""] = Deno.args;
const FILE = /^\/lab\/([a-z0-9_]+\/[A-Za-z0-9._+-]+)$/;

Deno.serve({
  hostname: "192.0.2.1",
  port: 80,
  onListen: () => Deno.stdout.writeSync(new TextEncoder().encode("listening\n")),
}, async (request) => {
  const name = FILE.exec(new URL(request.url).pathname)?.[1];
  const file = name && await Deno.open(join(folder, name)).catch(() => undefined);
  return file ? new Response(file.readable) : new Response(null, { status: 404 });
});
