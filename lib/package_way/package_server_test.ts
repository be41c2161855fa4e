import { assertEquals } from "@std/assert";
import { answerTo } from "./deno_package_server.ts";

const BYTES = new TextEncoder().encode("index");
const FILES = new Map([["/0/x86_64/APKINDEX.tar.gz", {
  size: BYTES.length,
  open: () => ({
    size: BYTES.length,
    readAt(at: number, into: Uint8Array) {
      const part = BYTES.subarray(at, at + into.length);
      into.set(part);
      return part.length;
    },
  }),
}]]);

Deno.test("a host is given the files of its list, by GET and HEAD of their very paths", async () => {
  const ask = (method: string, url: string) => answerTo({ method, url }, FILES);
  const base = "http://127.0.0.1:4000";
  assertEquals(await ask("GET", `${base}/0/x86_64/APKINDEX.tar.gz`).text(), "index");
  assertEquals(ask("HEAD", `${base}/0/x86_64/APKINDEX.tar.gz`).headers.get("content-length"), "5");
  for (
    const path of [
      "/",
      "/0",
      "/0/x86_64/",
      "/1/x86_64/APKINDEX.tar.gz",
      "//0/x86_64/APKINDEX.tar.gz",
      "/0/x86_64/APKINDEX.tar.gz/",
      "/0/x86_64/APKINDEX.tar.gz?x",
      "/0/x86_64/%41PKINDEX.tar.gz",
      "/0/x86_64/../../../etc/passwd",
      "/0/x86_64/..%2f..%2fetc/passwd",
      "/__proto__",
    ]
  ) assertEquals(ask("GET", base + path).status, 404, path);
  for (const method of ["POST", "PUT", "CONNECT", "DELETE", "OPTIONS", "get"]) {
    assertEquals(ask(method, `${base}/0/x86_64/APKINDEX.tar.gz`).status, 403, method);
  }
});
