import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { messagesOf, TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { createFetcher, type FetcherOptions } from "../../../lib/fetch/fetcher.ts";
import { tempDir } from "../../../lib/files/files.ts";
import type { FetchOptions } from "../../../lib/fetch/port.ts";

const BODY = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7 % 251);
const QUICK = { waits: [1, 2, 4], answer: 300, stall: 300, total: 60_000, notice: 60_000 };

type Handler = (request: Request, count: number) => Response | Promise<Response>;

/** A server on loopback that answers by path and counts. */
function serve(handler: Handler) {
  const stop = new AbortController();
  const requests: { readonly headers: Headers }[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: stop.signal, onListen() {}, onError },
    (request) => {
      requests.push({ headers: new Headers(request.headers) });
      return handler(request, requests.length);
    },
  );
  return {
    base: `http://127.0.0.1:${server.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

function onError(): Response {
  return new Response(null, { status: 500 });
}

async function fetchAll(
  url: string,
  options: Partial<FetchOptions> = {},
  own: Partial<FetcherOptions> = {},
): Promise<Uint8Array> {
  const fetcher = createFetcher({ offline: false, patience: QUICK, ...own });
  const parts: Uint8Array[] = [];
  for await (const part of fetcher.stream(url, { limit: 1 << 20, ...options })) parts.push(part);
  return concat(parts);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, TowerError)).code;
}

/** A body that sends some bytes and then breaks its connection. */
function breaking(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!isSent) {
        isSent = true;
        return controller.enqueue(bytes);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.error(new Error("broken on purpose"));
    },
  });
}

/** Serves BODY by ranges; each answer breaks after `piece` bytes. */
function flaky(piece: number, tagOf: (count: number) => string): Handler {
  return (request, count) => {
    const etag = tagOf(count);
    const range = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
    const isSame = request.headers.get("if-range") === etag;
    const start = range && isSame ? Number(range[1]) : 0;
    const rest = BODY.subarray(start);
    const headers = new Headers({ etag, "content-length": String(rest.length) });
    if (start > 0) headers.set("content-range", `bytes ${start}-${BODY.length - 1}/${BODY.length}`);
    const body = rest.length > piece ? breaking(rest.subarray(0, piece)) : rest.slice();
    return new Response(body, { status: start > 0 ? 206 : 200, headers });
  };
}

Deno.test("a broken transfer goes on where it stopped, however often it breaks", async () => {
  await using server = serve(flaky(50_000, () => '"v1"'));
  const progress: number[] = [];
  const bytes = await fetchAll(`${server.base}/x`, {
    size: BODY.length,
    onProgress: (received) => progress.push(received),
  });
  assertEquals(bytes, BODY);
  assertEquals(server.requests.length, 6);
  assertEquals(server.requests[1]!.headers.get("if-range"), '"v1"');
  assertEquals(progress.at(-1), BODY.length);
});

Deno.test("a file that changes between two connections is not spliced", async () => {
  await using server = serve(flaky(50_000, (count) => `"v${count}"`));
  const error = await assertRejects(() => fetchAll(`${server.base}/x`), TowerError);
  assertEquals(error.code, "unreachable");
  assertEquals(server.requests.length, 2);
});

Deno.test("a transfer without ETag or date cannot be resumed and says so", async () => {
  await using server = serve(() =>
    new Response(breaking(BODY.subarray(0, 1000)), {
      headers: { "content-length": String(BODY.length) },
    })
  );
  const error = await assertRejects(() => fetchAll(`${server.base}/x`), TowerError);
  assertStringIncludes(error.message, "the rest cannot be fetched alone");
});

Deno.test("a weak ETag is no proof that the file is the same", async () => {
  await using server = serve(flaky(50_000, () => 'W/"v1"'));
  assertEquals(await codeOf(fetchAll(`${server.base}/x`)), "unreachable");
  assertEquals(server.requests[1]!.headers.get("range"), null);
});

Deno.test("a server that lies about where its range starts is refused", async () => {
  await using server = serve((request, count) =>
    count === 1 ? flaky(1000, () => '"v1"')(request, 1) : new Response(BODY.slice(2000), {
      status: 206,
      headers: { etag: '"v1"', "content-range": `bytes 2000-299999/300000` },
    })
  );
  assertEquals(await codeOf(fetchAll(`${server.base}/x`)), "unreachable");
});

Deno.test("503 and 429 are tried again with growing waits, then told", async () => {
  const waits: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
  await using good = serve((_, count) =>
    count < 3 ? new Response("busy", { status: count === 1 ? 503 : 429 }) : new Response("ok")
  );
  assertEquals(new TextDecoder().decode(await fetchAll(good.base, {}, { sleep })), "ok");
  assertEquals(waits, [1, 2]);
  await using bad = serve(() => new Response("busy", { status: 503 }));
  const error = await assertRejects(() => fetchAll(bad.base, {}, { sleep }), TowerError);
  assertEquals(error.code, "unreachable");
  assertStringIncludes(error.message, "the server answers 503");
  assertEquals([waits, bad.requests.length], [[1, 2, 1, 2, 4], 4]);
});

Deno.test("a refused connection is told with its cause", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error = await assertRejects(() => fetchAll(`http://127.0.0.1:${port}/x`), TowerError);
  assertEquals(error.code, "unreachable");
  assertMatch(messagesOf(error).join("\n"), /connection refused/i);
});

Deno.test("404 is not-found and 403 unreachable, both at once", async () => {
  await using server = serve((request) =>
    new Response(null, { status: request.url.endsWith("/no") ? 404 : 403 })
  );
  assertEquals(await codeOf(fetchAll(`${server.base}/no`)), "not-found");
  assertEquals(await codeOf(fetchAll(`${server.base}/secret`)), "unreachable");
  assertEquals(server.requests.length, 2);
});

Deno.test("a size that is not the expected one is refused before a byte is taken", async () => {
  await using server = serve(() => new Response(BODY.slice()));
  assertEquals(await codeOf(fetchAll(server.base, { size: BODY.length + 1 })), "malformed");
  assertEquals(await codeOf(fetchAll(server.base, { limit: BODY.length - 1 })), "limit");
});

Deno.test("an endless body without a length ends at the limit or the size", async () => {
  const endless = () =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) }),
    );
  await using server = serve(endless);
  assertEquals(await codeOf(fetchAll(server.base, { limit: 100_000 })), "limit");
  assertEquals(await codeOf(fetchAll(server.base, { limit: 1e6, size: 100_000 })), "malformed");
});

Deno.test("a body without a length that ends too early is no whole file", async () => {
  await using server = serve(() => new Response(ReadableStream.from([BODY.slice(0, 1000)])));
  assertEquals(await codeOf(fetchAll(server.base, { size: BODY.length })), "unreachable");
});

Deno.test("a connection that stalls, before or after its head, is given up in time", async () => {
  await using server = serve((request) => {
    if (request.url.endsWith("/head")) return new Promise(() => {});
    return new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(BODY.slice(0, 10)) }),
    );
  });
  const patience = { ...QUICK, waits: [1] };
  for (const path of ["/head", "/body"]) {
    const began = performance.now();
    const error = await assertRejects(
      () => fetchAll(server.base + path, {}, { patience }),
      TowerError,
    );
    assertEquals(error.code, "unreachable");
    assert(performance.now() - began < 2000);
  }
});

Deno.test("redirects are followed, not for ever and never to another scheme", async () => {
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    const to: Record<string, string> = {
      "/a": "/b",
      "/b": "c",
      "/loop": "/loop",
      "/file": "file:///etc/passwd",
    };
    const location = to[pathname];
    if (location) return new Response(null, { status: 302, headers: { location } });
    return new Response(pathname);
  });
  assertEquals(new TextDecoder().decode(await fetchAll(`${server.base}/a`)), "/c");
  assertEquals(await codeOf(fetchAll(`${server.base}/loop`)), "unreachable");
  assertEquals(await codeOf(fetchAll(`${server.base}/file`)), "untrusted");
});

Deno.test("credentials go to their own server alone and are never shown", async () => {
  await using other = serve(() => new Response("ok"));
  await using server = serve((request) =>
    request.url.endsWith("/away")
      ? Response.redirect(`${other.base}/x`)
      : new Response(null, { status: 403 })
  );
  const withUser = server.base.replace("//", "//user:hunter2@");
  await fetchAll(`${withUser}/away`);
  assertEquals(server.requests[0]!.headers.get("authorization"), `Basic ${btoa("user:hunter2")}`);
  assertEquals(other.requests[0]!.headers.get("authorization"), null);
  for (
    const url of [`${withUser}/x?token=hunter2`, "http://user:hunter2@127.0.0.1:9/x?k=hunter2"]
  ) {
    const error = await assertRejects(() => fetchAll(url), TowerError);
    assert(!messagesOf(error).join("\n").includes("hunter2"), messagesOf(error).join("\n"));
  }
});

Deno.test("bytes come as they are stored, even if the server calls them encoded", async () => {
  const gzipped = new Uint8Array([31, 139, 8, 0, 1, 2, 3]);
  await using server = serve((request) => {
    assertEquals(request.headers.get("accept-encoding"), "identity");
    return new Response(gzipped, { headers: { "content-encoding": "gzip" } });
  });
  assertEquals(await fetchAll(server.base), gzipped);
});

Deno.test("offline refuses the network and still reads files", async () => {
  using dir = tempDir();
  const path = `${dir.path}/a b`;
  Deno.writeFileSync(path, BODY);
  const offline = { offline: true };
  assertEquals(await codeOf(fetchAll("http://127.0.0.1:9/x", {}, offline)), "offline");
  assertEquals(await fetchAll(path, { size: BODY.length }, offline), BODY);
  assertEquals(await fetchAll(`file://${path.replace(" ", "%20")}`, {}, offline), BODY);
});

Deno.test("files are checked as downloads are", async () => {
  using dir = tempDir();
  const path = `${dir.path}/file`;
  Deno.writeFileSync(path, BODY);
  assertEquals(await codeOf(fetchAll(`${path}.no`)), "not-found");
  assertEquals(await codeOf(fetchAll(dir.path)), "not-found");
  assertEquals(await codeOf(fetchAll(path, { limit: 10 })), "limit");
  assertEquals(await codeOf(fetchAll(path, { size: 10 })), "malformed");
  assertEquals(await codeOf(fetchAll("file://elsewhere/x")), "usage");
  assertEquals(await codeOf(fetchAll("ftp://127.0.0.1/x")), "usage");
  assertEquals(await codeOf(fetchAll("not a url")), "usage");
});

Deno.test("a signal ends a transfer and a wait at once", async () => {
  await using server = serve((request) =>
    request.url.endsWith("/busy")
      ? new Response(null, { status: 503 })
      : new Response(new ReadableStream({ start: (c) => c.enqueue(BODY.slice(0, 10)) }))
  );
  for (const path of ["/busy", "/slow"]) {
    const patience = {
      waits: [60_000],
      answer: 60_000,
      stall: 60_000,
      total: 120_000,
      notice: 60_000,
    };
    const signal = AbortSignal.timeout(100);
    const stop = new AbortController();
    const sleep = (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        stop.signal.addEventListener("abort", () => clearTimeout(timer));
      });
    assertEquals(
      await codeOf(fetchAll(server.base + path, { signal }, { patience, sleep })),
      "interrupted",
    );
    stop.abort();
  }
});

Deno.test("a reader that stops early ends the connection", async () => {
  let cancelled = false;
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65536)),
        cancel: () => void (cancelled = true),
      }),
    )
  );
  const fetcher = createFetcher({ offline: false, patience: QUICK });
  for await (const _ of fetcher.stream(server.base, { limit: 1e9 })) break;
  for (let i = 0; i < 100 && !cancelled; i++) await new Promise((r) => setTimeout(r, 20));
  assert(cancelled);
});
