/**
 * Serves a folder's files at port 80, and tells the path of each request; a file NAME.redirect beside one
 * says where it moved to.
 */
const [folder] = Deno.args;
const textOf = (path: string) => Deno.readTextFile(path).catch(() => undefined);

Deno.serve({
  hostname: "192.0.2.1",
  port: 80,
  onListen: () => Deno.stdout.writeSync(new TextEncoder().encode("listening\n")),
}, async (request) => {
  const { pathname } = new URL(request.url);
  Deno.stdout.writeSync(new TextEncoder().encode(`${pathname}\n`));
  const path = folder + pathname;
  const location = await textOf(`${path}.redirect`);
  if (location !== undefined) return new Response(null, { status: 302, headers: { location } });
  try {
    return new Response((await Deno.open(path)).readable);
  } catch {
    return new Response(null, { status: 404 });
  }
});
