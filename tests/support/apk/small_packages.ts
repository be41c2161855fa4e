import { generateKeyPairSync } from "node:crypto";
import { packPackage } from "../../../lib/apk/package_writer.ts";
import { loadTrustedKey, type PrivateKey } from "../../../lib/apk/signature.ts";
import type { TrustedKey } from "../../../lib/apk/types.ts";
import type { FileStore } from "../../../lib/store/content_store.ts";
import type { PackageRequest } from "../../../lib/packages/request.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { randomNumbers } from "../program/random_numbers.ts";

export interface KeyPair {
  readonly privateKey: PrivateKey;
  readonly publicKey: TrustedKey;
}

/** A fresh RSA key of a name such as `test-1.rsa`. */
export function makeKey(name: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return {
    privateKey: { name, pem: privateKey },
    publicKey: loadTrustedKey(`${name}.pub`, publicKey),
  };
}

/**
 * Makes a signed package with one file of `size` bytes in `folder`; returns how to ask for it.
 * @param store for scratch, not the one under test.
 */
export function makePackage(
  folder: string,
  name: string,
  size: number,
  key: KeyPair,
  store: FileStore,
): PackageRequest {
  const origin = "stage:test";
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin });
  tree.put({
    type: "file",
    path: name,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    origin,
    content: { kind: "inline", bytes: contentOf(name, size) },
  });
  const packed = packPackage({
    tree,
    reader: store,
    info: {
      name,
      version: "1.0-r0",
      arch: "x86_64",
      description: "test",
      url: "https://example.org/",
      license: "none",
      depends: [],
      provides: [],
      installIf: [],
      replaces: [],
      triggers: [],
    },
    scripts: {},
    key: key.privateKey,
    level: 1,
    spool: store.writer(),
  });
  const path = `${folder}/${name}-1.0-r0.apk`;
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (const chunk of packed.chunks()) file.writeSync(chunk);
  const { identity, version, size: bytes } = packed.package;
  return { url: path, expect: { identity, name, version, size: bytes } };
}

/** Bytes that compress to some three quarters, other ones for each name. */
function contentOf(name: string, size: number): Uint8Array {
  const seed = [...name].reduce((sum, c) => sum * 31 + c.charCodeAt(0), size);
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => random.below(64));
}
