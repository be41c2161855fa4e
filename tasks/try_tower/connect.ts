/**
 * Tries to connect and prints what came of it: `open`, `refused` (it arrived; nobody listens) or
 * `silent` (nothing came back in three seconds).
 *
 *     deno run --allow-net connect.ts ADDRESS PORT
 */
const [hostname = "", port] = Deno.args;
const late = new Promise<"silent">((resolve) => setTimeout(() => resolve("silent"), 3000));
const tried = Deno.connect({ hostname, port: Number(port) }).then(
  () => "open" as const,
  (error) =>
    error instanceof Deno.errors.ConnectionRefused ? "refused" as const : "silent" as const,
);
Deno.stdout.writeSync(new TextEncoder().encode(await Promise.race([tried, late])));
Deno.exit();
