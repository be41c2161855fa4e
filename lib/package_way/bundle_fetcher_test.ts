import { assertEquals, assertRejects } from "@std/assert";
import type { Bundle } from "../bundle/reader.ts";
import { concat } from "../bytes/bytes.ts";
import { digestOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { bundleFetcher } from "./bundle_fetcher.ts";

const PAD = "repositories/0/x86_64/pad-1.0-r0.apk";
const URL = "https://example.org/main/x86_64/pad-1.0-r0.apk";

function bundleOf(read: Bundle["read"]): Bundle {
  const digest = digestOf("");
  return {
    signer: "SHA256:x",
    document: {
      format: 1,
      for: [{ arch: "x86_64", packages: ["pad"] }],
      repositories: [{ url: "https://example.org/main", arch: "x86_64" }],
    },
    files: new Map([
      ["bundle.json", { offset: 0, size: 1, digest }],
      [PAD, { offset: 0, size: 3, digest }],
    ]),
    read,
  };
}

function* pieces() {
  const piece = new Uint8Array(2).fill(1);
  yield piece;
  // A piece is another's by the next one.
  yield piece.fill(2).subarray(0, 1);
}

async function all(url: string, options = { limit: 10 } as { limit: number; size?: number }) {
  const { stream } = bundleFetcher(bundleOf(pieces), '"b"');
  return concat(await Array.fromAsync(stream(url, options)));
}

Deno.test("files of a bundle are found by the URLs that they came from, whoever's name is in these", async () => {
  assertEquals(await all(URL), new Uint8Array([1, 1, 2]));
  assertEquals(await all(URL.replace("//", "//user:word@")), new Uint8Array([1, 1, 2]));
  const { has } = bundleFetcher(bundleOf(pieces), '"b"');
  assertEquals(has(URL), true);
  assertEquals([has(`${URL}x`), has("bundle.json"), has(URL.replace("main", "other"))], [
    ...[false, false, false],
  ]);
  await assertRejects(() => all(`${URL}x`), TowerError, '"b" has it not');
});

Deno.test("what has another size is refused unread, what is damaged before its first byte goes on", async () => {
  await assertRejects(() => all(URL, { limit: 2 }), TowerError, "more than 2 bytes");
  await assertRejects(() => all(URL, { limit: 9, size: 4 }), TowerError, "3 bytes instead of 4");
  const given: Uint8Array[] = [];
  const damaged = bundleOf(function* () {
    yield* pieces();
    throw new TowerError("untrusted", "it is damaged");
  });
  await assertRejects(
    async () => {
      for await (const piece of bundleFetcher(damaged, '"b"').stream(URL, { limit: 9 })) {
        given.push(piece);
      }
    },
    TowerError,
    "it is damaged",
  );
  assertEquals(given, []);
});
