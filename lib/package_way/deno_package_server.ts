import type { ByteSource } from "../bytes/bytes.ts";

const CHUNK = 256 << 10;

/** A file that is offered; it was verified before. */
export interface OfferedFile {
  readonly size: number;
  readonly open: () => ByteSource;
}

/**
 * Serves a closed list of files by HTTP at a socket: GET and HEAD of these very paths. It opens no
 * connection and knows no other file, so that nothing a request says leads anywhere.
 *
 * @param socket Its path; who may enter the folder may connect.
 */
export async function servePackages(
  socket: string,
  files: ReadonlyMap<string, OfferedFile>,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ending = new AbortController();
  const server = Deno.serve({
    transport: "unix",
    path: socket,
    signal: AbortSignal.any([signal, ending.signal]),
    onListen: () => resolve(),
    onError: () => new Response(null, { status: 500 }),
  }, (request) => answerTo(request, files));
  await promise;
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await server.finished;
    },
  };
}

/** What a request gets. */
export function answerTo(
  request: Pick<Request, "method" | "url">,
  files: ReadonlyMap<string, OfferedFile>,
): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response(null, { status: 403 });
  }
  const { pathname, search } = new URL(request.url);
  const file = search === "" ? files.get(pathname) : undefined;
  if (file === undefined) return new Response(null, { status: 404 });
  const headers = { "content-length": String(file.size) };
  const body = request.method === "HEAD" ? null : bodyOf(file);
  return new Response(body, { headers });
}

function bodyOf({ size, open }: OfferedFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = open();
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const part = new Uint8Array(Math.min(CHUNK, size - at));
      if (part.length === 0) return controller.close();
      const got = source.readAt(at, part);
      if (got === 0) return controller.error(new RangeError("the file is shorter than it was"));
      at += got;
      controller.enqueue(part.subarray(0, got));
    },
  });
}
