import type { ByteSource } from "../bytes/bytes.ts";
import { HEAD_LIMIT, readRequest } from "./http_request.ts";

const CHUNK = 256 << 10;
/** Connections that are kept open at once; apk has one or two. */
const MOST_OPEN = 64;
/** Milliseconds until a request must be there. */
const PATIENCE_OF_HEAD = 30_000;
/** And until more of an answer must be taken: apk may run a script of a package meanwhile. */
const PATIENCE_OF_BODY = 600_000;

/** A file that is offered. */
export interface OfferedFile {
  readonly size: number;
  /** Its bytes, verified before the first of them is seen. */
  readonly open: () => ByteSource | Promise<ByteSource>;
}

const STATUS = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
} as const;

/** Where files are offered. */
export type OfferedAt =
  /** A socket: who may enter its folder may connect. */
  | { readonly transport: "unix"; readonly path: string }
  /** A port of this machine's loopback, which the kernel chooses: all its users may connect. */
  | { readonly transport: "tcp" };

/** A server that ends with its disposal, with all its connections. */
export interface PackageServer extends AsyncDisposable {
  /** Of one at a port. */
  readonly port: number | undefined;
}

/**
 * Serves a closed list of files by HTTP: GET and HEAD of these very paths, one for each connection. It
 * opens no connection and knows no other file, so that nothing a request says leads anywhere. Not by
 * `Deno.serve`: that bounds neither connections nor the time of a request.
 *
 * @param onFailure is told why a file could not be opened.
 */
export function servePackages(
  at: OfferedAt,
  files: ReadonlyMap<string, OfferedFile>,
  signal: AbortSignal,
  onFailure: (path: string, error: unknown) => void = () => {},
): PackageServer {
  const listener = at.transport === "unix"
    ? Deno.listen(at)
    : Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = new ListeningServer(listener, files, onFailure);
  const end = () => void server[Symbol.asyncDispose]();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    port: listener.addr.transport === "tcp" ? listener.addr.port : undefined,
    [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", end);
      return server[Symbol.asyncDispose]();
    },
  };
}

class ListeningServer implements AsyncDisposable {
  /** The one that has moved nothing for the longest time first. */
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #accepting: Promise<void>;
  #isEnding = false;

  constructor(
    private readonly listener: Deno.Listener,
    private readonly files: ReadonlyMap<string, OfferedFile>,
    private readonly onFailure: (path: string, error: unknown) => void,
  ) {
    this.#accepting = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isEnding) this.listener.close();
    this.#isEnding = true;
    for (const connection of this.#open.keys()) close(connection);
    await this.#accepting;
    await Promise.all(this.#open.values());
  }

  async #accept(): Promise<void> {
    while (!this.#isEnding) {
      try {
        this.#take(await this.listener.accept());
      } catch {
        // Too many open files, or the end: the first passes.
        if (!this.#isEnding) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Where there are too many, the one goes that has moved nothing for the longest time. */
  #take(connection: Deno.Conn): void {
    if (this.#isEnding) return close(connection);
    if (this.#open.size >= MOST_OPEN) {
      const [oldest] = this.#open.keys();
      close(oldest!);
      this.#open.delete(oldest!);
    }
    const work = this.#answer(connection).catch(() => {}).finally(() => {
      close(connection);
      this.#open.delete(connection);
    });
    this.#open.set(connection, work);
  }

  #moved(connection: Deno.Conn): void {
    const work = this.#open.get(connection);
    if (work === undefined) return;
    this.#open.delete(connection);
    this.#open.set(connection, work);
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    const head = await within(PATIENCE_OF_HEAD, connection, () => readHead(connection));
    this.#moved(connection);
    if (head === undefined) return;
    const asked = head === "long" ? 431 : readRequest(head);
    if (typeof asked === "number") return await send(connection, headOf(asked));
    const file = this.files.get(asked.path);
    if (file === undefined) return await send(connection, headOf(404));
    if (asked.method === "HEAD") return await send(connection, headOf(200, file.size));
    let source: ByteSource;
    try {
      source = await file.open();
    } catch (error) {
      this.onFailure(asked.path, error);
      return await send(connection, headOf(502));
    }
    await send(connection, headOf(200, file.size));
    await sendBody(connection, source, file.size, () => this.#moved(connection));
  }
}

/** The lines of a request; undefined where they do not come whole. */
async function readHead(connection: Deno.Conn): Promise<string | "long" | undefined> {
  const bytes = new Uint8Array(HEAD_LIMIT);
  for (let length = 0; length < bytes.length;) {
    const got = await connection.read(bytes.subarray(length));
    if (got === null) return undefined;
    const from = Math.max(0, length - 3);
    length += got;
    const end = String.fromCharCode(...bytes.subarray(from, length)).indexOf("\r\n\r\n");
    if (end >= 0) return String.fromCharCode(...bytes.subarray(0, from + end));
  }
  return "long";
}

function headOf(status: keyof typeof STATUS, size = 0): Uint8Array {
  return new TextEncoder().encode(
    `HTTP/1.1 ${status} ${STATUS[status]}\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`,
  );
}

async function sendBody(
  connection: Deno.Conn,
  source: ByteSource,
  size: number,
  onMoved: () => void,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(CHUNK, size));
  for (let at = 0; at < size;) {
    const got = source.readAt(at, buffer.subarray(0, Math.min(CHUNK, size - at)));
    if (got === 0) throw new RangeError("the file is shorter than it was");
    at += got;
    await send(connection, buffer.subarray(0, got));
    onMoved();
  }
}

async function send(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  await within(PATIENCE_OF_BODY, connection, async () => {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  });
}

/** Closes a connection where its work takes too long: that fails then. */
async function within<T>(ms: number, connection: Deno.Conn, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => close(connection), ms);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Closes it once: what is closed already has nothing to say. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
