import { assert, assertEquals, assertMatch } from "@std/assert";
import { privateKeyFile, readPrivateKeyFile } from "./private_key.ts";
import { FILE_NAMESPACE, signMessage, verifyMessage } from "./signature.ts";

Deno.test("a key that was made here is read, and signs", () => {
  // RFC 8032, 7.1, test 1.
  const seed = Uint8Array.fromHex(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  );
  const text = privateKeyFile(seed, "mine");
  assertMatch(text, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  const key = readPrivateKeyFile(text, "key");
  assert(key.kind === "ed25519");
  assertEquals(
    key.blob.slice(-32).toHex(),
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  const message = new TextEncoder().encode("hello");
  const keys = [{ type: "ssh-ed25519", blob: key.blob, comment: "" }];
  const signature = signMessage(key, FILE_NAMESPACE, message);
  verifyMessage(signature, "hello", message, { namespace: FILE_NAMESPACE, keys });
});
