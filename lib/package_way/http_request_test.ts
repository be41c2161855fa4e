import { assertEquals } from "@std/assert";
import { readRequest } from "./http_request.ts";

const PATH = "/0/x86_64/APKINDEX.tar.gz";
const read = (first: string, ...fields: string[]) => readRequest([first, ...fields].join("\r\n"));

Deno.test("a request is read as apk writes it", () => {
  const fields = ["Host: 127.0.0.1:4000", "User-Agent: libfetch/2.0", "If-Modified-Since: x"];
  assertEquals(read(`GET ${PATH} HTTP/1.1`, ...fields), { method: "GET", path: PATH });
  assertEquals(read(`HEAD ${PATH} HTTP/1.0`), { method: "HEAD", path: PATH });
});

Deno.test("a path stays as it was written", () => {
  for (const path of ["/../x", "/%2e%2e/x", "/0//x", "/x?y", "/x#y", "/%00", "//evil.example/x"]) {
    assertEquals(read(`GET ${path} HTTP/1.1`), { method: "GET", path });
  }
});

Deno.test("other methods, forms and whatever announces a body are refused", () => {
  for (const method of ["POST", "PUT", "CONNECT", "DELETE", "OPTIONS", "get", "TRACE"]) {
    assertEquals(read(`${method} ${PATH} HTTP/1.1`), 403, method);
  }
  for (
    const first of [
      "",
      "GET",
      `GET ${PATH}`,
      `GET ${PATH} HTTP/2.0`,
      `GET ${PATH} HTTP/1.1 `,
      `GET  ${PATH} HTTP/1.1`,
      `GET\t${PATH} HTTP/1.1`,
      ` GET ${PATH} HTTP/1.1`,
      `GET ${PATH}\0 HTTP/1.1`,
      `GET ${PATH} HTTP/1.1\nGET / HTTP/1.1`,
      `GET http://127.0.0.1${PATH} HTTP/1.1`,
      "GET * HTTP/1.1",
      "GET 192.0.2.1:80 HTTP/1.1",
    ]
  ) assertEquals(read(first), 400, first);
  for (
    const field of [
      "Content-Length: 0",
      "content-length:5",
      "Transfer-Encoding: chunked",
      "Transfer-Encoding : chunked",
      "Upgrade: h2c",
      "Expect: 100-continue",
      " folded: x",
      "no colon",
      ": x",
      "x: a\nb: c",
      "x: a\rb: c",
      "x: \0",
    ]
  ) assertEquals(read(`GET ${PATH} HTTP/1.1`, field), 400, field);
});

Deno.test("whatever bytes come, they are a request or refused", () => {
  const seed = 20261128;
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const good = `GET ${PATH} HTTP/1.1\r\nHost: a\r\nAccept: */*`;
  for (let round = 0; round < 20_000; round++) {
    const characters = [...good];
    for (let n = random(4); n >= 0; n--) {
      characters[random(characters.length)] = String.fromCharCode(random(256)).repeat(random(3));
    }
    const asked = readRequest(characters.join(""));
    if (typeof asked === "number") continue;
    assertEquals(/^\/[!-~]*$/.test(asked.path), true, `seed ${seed}, round ${round}`);
  }
});
