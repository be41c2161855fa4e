import { assert, assertEquals } from "@std/assert";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import { isUsualKey } from "./usual_key.ts";

const { pem } = TEST_KEY.trusted;

function made(bits: number, publicExponent = 65537): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: bits, publicExponent });
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

Deno.test("keys as abuild-keygen makes them are told by their form", () => {
  assert(isUsualKey(pem));
  assert(isUsualKey(OTHER_KEY.trusted.pem));
  assert(isUsualKey(made(3072)));
});

Deno.test("weak keys, other keys and other forms are left to a parser", () => {
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const others = [
    made(1024),
    made(2048, 3),
    curve.export({ type: "spki", format: "pem" }).toString(),
    createPublicKey(pem).export({ type: "pkcs1", format: "pem" }).toString(),
    ...["", "x", `x${pem}`, `${pem}x`, pem.replace("MII", "AAA"), pem.replace(/.\n-/, "\n-")],
    TEST_KEY.secret.pem,
  ];
  assertEquals(others.filter(isUsualKey), []);
});

Deno.test("of a key with any byte of its frame changed nothing is said", () => {
  const base64 = pem.split("\n").slice(1, -2).join("");
  const der = Uint8Array.fromBase64(base64);
  for (let at = 0; at < der.length; at++) {
    if (at > 33 && at < der.length - 6) continue; // the modulus, which may be any
    const changed = der.slice();
    changed[at]! ^= 0x81;
    const text = changed.toBase64().replaceAll(/.{64}/g, "$&\n");
    const again = `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;
    assertEquals(isUsualKey(again), false, `byte ${at}`);
  }
});
