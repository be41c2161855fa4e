import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { concat } from "../../../lib/bytes/bytes.ts";
import { formatError, TowerError } from "../../../lib/errors.ts";
import { PATIENCE } from "../../../lib/fetch/patience.ts";
import { socketFetcher } from "../../../lib/package_way/socket_fetcher.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const never = new AbortController().signal;

/** Has each connection to a socket get the same answer, which may never end. */
function answering(path: string, head: string, body: () => AsyncIterable<Uint8Array>) {
  const listener = Deno.listen({ transport: "unix", path });
  void (async () => {
    for await (const connection of listener) {
      void (async () => {
        using own = connection;
        await own.read(new Uint8Array(4096));
        await own.write(new TextEncoder().encode(`HTTP/1.1 ${head}\r\n\r\n`));
        for await (const part of body()) await own.write(part);
      })().catch(() => {});
    }
  })().catch(() => {});
  return listener;
}

Deno.test("a server that lies at the end of a socket is refused, and never waited for long", async () => {
  using folder = tempFolder();
  const bytes = new TextEncoder().encode("package");
  const once = async function* () {
    yield bytes;
  };
  const endless = async function* () {
    for (;;) yield bytes;
  };
  const silent = async function* () {
    yield bytes;
    await new Promise<never>(() => {});
  };
  const broken = async function* () {
    yield bytes;
    throw new Error("the server breaks off");
  };
  const patience = { ...PATIENCE, stall: 300 };
  const fetched = async (head: string, body: () => AsyncIterable<Uint8Array>) => {
    const path = join(folder.path, crypto.randomUUID());
    using _server = answering(path, head, body);
    const socketTo = () => Promise.resolve(path);
    const fetcher = socketFetcher({ socketTo, patience, signal: never });
    const parts: Uint8Array[] = [];
    for await (const p of fetcher.stream("http://r.example/x", { limit: 99 })) parts.push(p);
    return new TextDecoder().decode(concat(parts));
  };
  assertEquals(await fetched("200 OK\r\ncontent-length: 7", once), "package");
  for (
    const [head, body, says] of [
      ["302 Found\r\nlocation: http://other.example/", once, "redirects elsewhere"],
      ["200 OK", endless, "more than 99 bytes"],
      ["200 OK\r\ncontent-length: 100", once, "more than 99 bytes"],
      ["200 OK\r\ncontent-length: 9", once, "Cannot fetch"],
      ["200 OK\r\ncontent-length: 9", silent, "nothing came for 0.3 s"],
      ["200 OK\r\ncontent-length: 9", broken, "the connection broke"],
      ["404 Not Found", once, "answers 404"],
      ["500 No", once, "answers 500"],
    ] as const
  ) {
    const error = await assertRejects(() => fetched(head, body), TowerError);
    assertStringIncludes(formatError(error), says, head);
  }
});

Deno.test("a socket that leads nowhere is told by words of the user's", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "socket");
  using listener = Deno.listen({ transport: "unix", path });
  void (async () => {
    for await (const connection of listener) connection.close();
  })().catch(() => {});
  const socketTo = () => Promise.resolve(path);
  const fetcher = socketFetcher({ socketTo, patience: PATIENCE, signal: never });
  const error = await assertRejects(
    () => Array.fromAsync(fetcher.stream("http://r.example/x", { limit: 99 })),
    TowerError,
  );
  assertStringIncludes(formatError(error), "the router finds no way to it");
});

Deno.test({
  ...named(
    "TLS ends on the thin client: a certificate of nobody's, or of another name, is refused",
    programsMissing(runner, "openssl"),
  ),
  async fn() {
    using folder = tempFolder();
    const [key, cert, path] = ["key", "cert", "socket"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    await runner.run({
      argv: [
        ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"] as const,
        ...["-keyout", key, "-out", cert, "-subj", "/CN=r.example"],
        ...["-addext", "subjectAltName=DNS:r.example,IP:192.0.2.1"],
      ],
    });
    const authorities = Deno.readTextFileSync(cert);
    await using server = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
      ...{ cert: authorities, key: Deno.readTextFileSync(key) },
    }, ({ headers }) => new Response(`index${headers.get("authorization") ?? ""}`));
    using listener = Deno.listen({ transport: "unix", path });
    void (async () => {
      for await (const near of listener) {
        const far = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
        near.readable.pipeTo(far.writable).catch(() => {});
        far.readable.pipeTo(near.writable).catch(() => {});
      }
    })().catch(() => {});
    const fetched = async (url: string, trusted: { authorities?: string }) => {
      const socketTo = () => Promise.resolve(path);
      const fetcher = socketFetcher({ socketTo, patience: PATIENCE, signal: never, ...trusted });
      const parts: Uint8Array[] = [];
      for await (const part of fetcher.stream(url, { limit: 99 })) parts.push(part);
      return new TextDecoder().decode(concat(parts));
    };
    assertEquals(await fetched("https://r.example/x", { authorities }), "index");
    assertEquals(await fetched("https://192.0.2.1/x", { authorities }), "index");
    const known = `indexBasic ${btoa("me:my word")}`;
    assertEquals(await fetched("https://me:my%20word@r.example/x", { authorities }), known);
    await assertRejects(() => fetched("https://r.example/x", {}), TowerError);
    await assertRejects(() => fetched("https://192.0.2.2/x", { authorities }), TowerError);
    await assertRejects(() => fetched("https://other.example/x", { authorities }), TowerError);
  },
});
