/**
 * Serves a folder's files at port 80, and tells the path of each request; a file NAME.redirect beside one
 * says where it moved to, with NAME.half it stops in the middle and waits, with NAME.endless it never ends, with NAME.slow it sends five
 * bytes a second. All that it sends goes over a line of so many bytes a second, where that is said.
 *
 *     folder_server.ts FOLDER [RATE]
 */
const [folder, rate] = Deno.args;
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
  if (await textOf(`${path}.half`) !== undefined) return new Response(half(path));
  if (await textOf(`${path}.endless`) !== undefined) return new Response(endless());
  if (await textOf(`${path}.slow`) !== undefined) return new Response(slow(path));
  try {
    const { readable } = await Deno.open(path);
    return new Response(rate === undefined ? readable : readable.pipeThrough(line(Number(rate))));
  } catch {
    return new Response(null, { status: 404 });
  }
});

function half(path: string): ReadableStream<Uint8Array> {
  const bytes = Deno.readFileSync(path);
  return new ReadableStream({ start: (to) => to.enqueue(bytes.slice(0, bytes.length >> 1)) });
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1 << 16)) });
}

function slow(path: string): ReadableStream<Uint8Array> {
  const bytes = Deno.readFileSync(path);
  let at = 0;
  return new ReadableStream({
    async pull(to) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      to.enqueue(bytes.slice(at, ++at));
      if (at === bytes.length) to.close();
    },
  });
}

/** When the line is free again, in milliseconds. */
let free = 0;

/** One line for all who ask. */
function line(bytesPerSecond: number): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    async transform(part, to) {
      free = Math.max(free, performance.now()) + part.length / bytesPerSecond * 1000;
      const wait = Math.max(0, free - performance.now());
      await new Promise((resolve) => setTimeout(resolve, wait));
      to.enqueue(part);
    },
  });
}
