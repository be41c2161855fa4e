import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { type BundleRequest, formatBundleRequest, parseBundleRequest } from "./request.ts";

const HOST = { name: "vault", packages: ["wget"], state: "=arch\n|x86_64\n" };
const GOOD: BundleRequest = { format: 1, hosts: [HOST] };

Deno.test("a request is read as it was written", () => {
  assertEquals(parseBundleRequest(formatBundleRequest(GOOD), "r"), GOOD);
});

Deno.test("whatever else a request says is refused", () => {
  for (
    const hosts of [
      [],
      [HOST, HOST],
      [{ ...HOST, name: "Vault" }],
      [{ ...HOST, packages: ["!wget"] }],
      [{ ...HOST, state: 1 }],
      [{ ...HOST, more: 1 }],
      [{ name: "vault", packages: ["wget"] }],
    ]
  ) {
    const text = JSON.stringify({ ...GOOD, hosts });
    assertThrows(() => parseBundleRequest(text, "r"), TowerError, 'Cannot read request "r"');
  }
  assertThrows(() => parseBundleRequest("", "r"), TowerError, "it is not JSON");
});
