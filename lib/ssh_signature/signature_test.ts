import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { parseSigners } from "./allowed_signers.ts";
import { readPrivateKeyFile } from "./private_key.ts";
import { fingerprint } from "./public_key.ts";
import { armored, sshString, uint32 } from "./wire.ts";
import { signerOf, signMessage, verifyMessage } from "./signature.ts";

/** Made by ssh-keygen for this test alone; nothing trusts it. */
const PRIVATE = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACA7VPAA4wYNTTekveQfOfId58JOpW9aJOA0vZnNZpjw7AAAAJgcgmnCHIJp
wgAAAAtzc2gtZWQyNTUxOQAAACA7VPAA4wYNTTekveQfOfId58JOpW9aJOA0vZnNZpjw7A
AAAEDkQ8tGWR90ocQ2/n9zz6Ert08kXwtzDe2SyJg0Gb14iTtU8ADjBg1NN6S95B858h3n
wk6lb1ok4DS9mc1mmPDsAAAADnRvd2VyIHRlc3Qga2V5AQIDBAUGBw==
-----END OPENSSH PRIVATE KEY-----
`;
const PUBLIC =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtU8ADjBg1NN6S95B858h3nwk6lb1ok4DS9mc1mmPDs tower test key";
const OTHER =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMxboLKV+MXU3TCJMWUVbo2wYKgMa1Dbvel8vQvkx09V ed25519@test";
const MESSAGE = new TextEncoder().encode("what is signed\n");
/** What ssh-keygen -Y sign -n file wrote. */
const SIGNATURE = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgO1TwAOMGDU03pL3kHznyHefCTq
VvWiTgNL2ZzWaY8OwAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx
OQAAAEBj3Laz49VnzFrauEaCsYYKwU7BTP7jHPPam0e9kBP0S855n7yXKNn1LjU6lMDmgr
7Tgwjh4malCaeMHDn6LXAE
-----END SSH SIGNATURE-----
`;
const ECDSA_PUBLIC =
  "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAGwlhJCg+r069Lqc1SlCx+lUeie7dSRCpYwiGq+7sw9jW89Nzy/q9HwEkCiRCsEkh0U8v5/Sf1hCulOpt4x5C5oBgB1HN419nua/1+VjMbMXTkxUqAhegY44ZBx/aKVkKY0+LUA7iQDaXf/7KLmv9qhl20S9QrzUSTtJoGd+eLYlxthlA== root@vm";
const ECDSA_SIGNATURE = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAI
UEAbCWEkKD6vTr0upzVKULH6VR6J7t1JEKljCIar7uzD2Nbz03PL+r0fASQKJEKwSSHRTy
/n9J/WEK6U6m3jHkLmgGAHUc3jX2e5r/X5WMxsxdOTFSoCF6BjjhkHH9opWQpjT4tQDuJA
Npd//soua/2qGXbRL1CvNRJO0mgZ354tiXG2GUAAAABGZpbGUAAAAAAAAABnNoYTUxMgAA
AKYAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAIsAAABCAWi2cyNpnleWfIe2rCzlWhiM6h
aU6EsY4Izs+ghBPNHlwMKWZreCRFg97QdyeP6Gi+Xk4534dguOfMCTPPkRzBaIAAAAQTml
G+gh+h6gMLR7iI7u4+SD5xZt+uRaWs7HXSuk5RRHh0hRtSZKB0yRTsQsdig5FVGP9M+xRj
+64SFWXufjjJQ8
-----END SSH SIGNATURE-----
`;

const trusted = (text: string) => ({
  namespace: "file",
  keys: parseSigners(text, "signers", "file"),
});

Deno.test("signs as ssh-keygen does, to the byte", () => {
  const key = readPrivateKeyFile(PRIVATE, "key");
  assert(key.kind === "ed25519");
  assertEquals(signMessage(key, "file", MESSAGE), SIGNATURE);
});

Deno.test("a signature holds for its key, message and namespace only", () => {
  const check = (text: string, message: Uint8Array, trust: ReturnType<typeof trusted>) =>
    verifyMessage(text, '"m"', message, trust);
  assertEquals(check(SIGNATURE, MESSAGE, trusted(PUBLIC)).comment, "tower test key");
  assertEquals(
    check(SIGNATURE, MESSAGE, trusted(`${OTHER}\n# x\n\n${PUBLIC}\r\n`)).type,
    "ssh-ed25519",
  );
  assertEquals(check(ECDSA_SIGNATURE, MESSAGE, trusted(ECDSA_PUBLIC)).type, "ecdsa-sha2-nistp521");

  const refused = (message: string, work: () => unknown) =>
    assertThrows(work, TowerError, `Cannot trust "m": ${message}`);
  refused("SHA256:", () => check(SIGNATURE, MESSAGE, trusted(OTHER)));
  refused(
    "the signature does not match",
    () => check(SIGNATURE, MESSAGE.subarray(1), trusted(PUBLIC)),
  );
  refused(
    "the signature does not match",
    () => check(ECDSA_SIGNATURE, MESSAGE.subarray(1), trusted(ECDSA_PUBLIC)),
  );
  const key = readPrivateKeyFile(PRIVATE, "key");
  assert(key.kind === "ed25519");
  refused(
    'the signature is for "git", not for "file"',
    () => check(signMessage(key, "git", MESSAGE), MESSAGE, trusted(PUBLIC)),
  );
});

Deno.test("no flipped bit of a signature passes, and each ends in a message", () => {
  const lines = SIGNATURE.trimEnd().split("\n");
  const body = Uint8Array.fromBase64(lines.slice(1, -1).join(""));
  for (let bit = 0; bit < body.length * 8; bit++) {
    const changed = body.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    const text = `${lines[0]}\n${changed.toBase64()}\n${lines.at(-1)}\n`;
    assertThrows(() => verifyMessage(text, '"m"', MESSAGE, trusted(PUBLIC)), TowerError);
  }
  for (let length = 0; length < body.length; length++) {
    const text = `${lines[0]}\n${body.subarray(0, length).toBase64()}\n${lines.at(-1)}\n`;
    assertThrows(() => verifyMessage(text, '"m"', MESSAGE, trusted(PUBLIC)), TowerError);
  }
  for (const text of ["", "x", SIGNATURE + "x", SIGNATURE.replace("BEGIN", "BEGIM")]) {
    assertThrows(
      () => verifyMessage(text, '"m"', MESSAGE, trusted(PUBLIC)),
      TowerError,
      "it is no SSH signature",
    );
  }
});

Deno.test("signerOf() tells the fingerprint of whoever signed, once the signature matches", () => {
  const [key] = parseSigners(PUBLIC, "signers", "file");
  assertEquals(signerOf(SIGNATURE, '"m"', MESSAGE, "file"), fingerprint(key!.blob));
  assertMatch(fingerprint(key!.blob), /^SHA256:[A-Za-z0-9+/]{43}$/);
  assertThrows(() => signerOf(SIGNATURE, '"m"', MESSAGE.subarray(1), "file"), TowerError);
});

Deno.test("allowed signers: principals and namespaces are read, other limits are refused", () => {
  const read = (text: string) => parseSigners(text, "signers", "file");
  assertEquals(read(`*@example.org ${PUBLIC}`).length, 1);
  assertEquals(read(`a,b namespaces="git,file" ${PUBLIC}\na namespaces="git" ${OTHER}`).length, 1);
  assertEquals(read(`!a,b ${PUBLIC}`).length, 1);
  assertEquals(read(`*,!a* ${PUBLIC}`).length, 1);
  assertThrows(() => read(`a namespaces="git" ${PUBLIC}`), TowerError, 'no key for "file"');
  assertThrows(() => read(`a valid-after="20200101" ${PUBLIC}`), TowerError, "Cannot judge");
  assertThrows(() => read(`a cert-authority ${PUBLIC}`), TowerError, "Cannot judge");
  assertThrows(() => read("hello"), TowerError, "line 1 is no public key");
  const refused: [string, string][] = [
    ["!*,a", "names nobody"],
    ["a,!a", "names nobody"],
    ["*,!*", "names nobody"],
    ["a*,!?b,!a*", "names nobody"],
    ["a namespaces=git", "namespaces without quotes"],
    ["a namespaces=file", "namespaces without quotes"],
    ['a namespaces="git', "is no public key"],
    ['a namespaces="file",namespaces="git"', "has two of namespaces"],
    ['a namespaces="file",', "an option that is not known"],
    ['a namespaces="file",restrict', "an option that is not known"],
    ['a namespaces="file"restrict', "an option that is not known"],
    ["a restrict", "an option that is not known"],
    ["a b", "an option that is not known"],
    ["restrict", "says not whose key it is"],
    ['namespaces="git"', "says not whose key it is"],
    ["!a", "names nobody"],
    ["!a,,!b", "names nobody"],
    ["a\x00", "a control character"],
  ];
  for (const [before, message] of refused) {
    assertThrows(() => read(`${before} ${PUBLIC}`), TowerError, message);
    assertThrows(() => read(`${PUBLIC}\n${before} ${OTHER}`), TowerError, message);
  }
  for (const [list, isTaken] of [["fi*,!git", true], ["*,!file", false], ["?ile", true]] as const) {
    const text = `${PUBLIC}\na namespaces="${list}" ${OTHER}`;
    assertEquals(read(text).length, isTaken ? 2 : 1, list);
  }
  assertThrows(() => read(PUBLIC.replace("ssh-ed25519 ", "ssh-rsa ")), TowerError, "line 1");
  assertThrows(() => read(""), TowerError, "no key");
  const security = read(PUBLIC).map((k) => ({ ...k, type: "sk-ssh-ed25519@openssh.com" }));
  assertThrows(
    () => verifyMessage(SIGNATURE, '"m"', MESSAGE, { namespace: "file", keys: security }),
    TowerError,
    "sk-ssh-ed25519",
  );
});

Deno.test("keys that cannot sign here say why; what is no key is refused", () => {
  const key = readPrivateKeyFile(PUBLIC, "key.pub");
  assertEquals(key.kind, "ssh-keygen");
  for (const text of ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]) {
    assertThrows(() => readPrivateKeyFile(text, "key"), TowerError, "no private key in OpenSSH");
  }
  const lines = PRIVATE.trimEnd().split("\n");
  const body = Uint8Array.fromBase64(lines.slice(1, -1).join(""));
  for (let length = 1; length < body.length - 30; length++) {
    const text = `${lines[0]}\n${body.subarray(0, length).toBase64()}\n${lines.at(-1)}\n`;
    assertThrows(() => readPrivateKeyFile(text, "key"), TowerError, 'Cannot read key "key"');
  }
});

/** A frame around a signature, as OpenSSH's PROTOCOL.sshsig has it. */
function framed(blob: Uint8Array, hash: string, algorithm: string, bytes: Uint8Array): string {
  const inner = concat([algorithm, bytes].map(sshString));
  const parts = [blob, "file", "", hash, inner].map(sshString);
  const text = new TextEncoder().encode("SSHSIG");
  return armored(concat([text, uint32(1), ...parts]), "SSH SIGNATURE");
}

/** A number without zeros in front, but one where its first bit would be a sign (RFC 4251, 5). */
function mpint(number: Uint8Array): Uint8Array {
  const start = number.findIndex((byte) => byte !== 0);
  const short = number.subarray(start);
  return short[0]! >= 0x80 ? concat([new Uint8Array(1), short]) : short;
}

function toBeSigned(hash: string, message: Uint8Array): Uint8Array {
  const digest = createHash(hash).update(message).digest();
  const parts = ["file", "", hash, digest].map(sshString);
  return concat([new TextEncoder().encode("SSHSIG"), ...parts]);
}

for (
  const [curve, name, size, hash] of [
    ["P-256", "nistp256", 32, "sha256"],
    ["P-384", "nistp384", 48, "sha384"],
    ["P-521", "nistp521", 66, "sha512"],
  ] as const
) {
  Deno.test(`a signature on ${curve} holds whatever the lengths of its numbers, and no other`, () => {
    const type = `ecdsa-sha2-${name}`;
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
    const { x, y } = publicKey.export({ format: "jwk" });
    const raw = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const point = concat([new Uint8Array([4]), raw(x!), raw(y!)]);
    const blob = concat([type, name, point].map(sshString));
    const keys = [{ type, blob, comment: "" }];
    const lengths = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const message = new Uint8Array([i]);
      const both = sign(hash, toBeSigned("sha512", message), {
        key: privateKey,
        dsaEncoding: "ieee-p1363",
      });
      const numbers = [both.subarray(0, size), both.subarray(size)].map(mpint);
      const bytes = concat(numbers.map(sshString));
      numbers.forEach((number) => lengths.add(number.length));
      const text = framed(blob, "sha512", type, bytes);
      assertEquals(verifyMessage(text, '"m"', message, { namespace: "file", keys }), keys[0]);
      if (i > 0) continue;
      for (
        const bad of [
          framed(blob, "sha256", type, bytes),
          framed(blob, "sha512", "ecdsa-sha2-other", bytes),
          framed(blob, "sha512", type, concat([bytes, new Uint8Array(1)])),
          framed(blob, "sha512", type, concat(numbers.toReversed().map(sshString))),
          framed(blob, "sha512", type, sshString(numbers[0]!)),
          framed(
            blob,
            "sha512",
            type,
            concat([new Uint8Array(size + 1).fill(1), numbers[1]!].map(sshString)),
          ),
        ]
      ) {
        assertThrows(
          () => verifyMessage(bad, '"m"', message, { namespace: "file", keys }),
          TowerError,
          "the signature does not match",
        );
      }
    }
    assert(lengths.size >= 2, [...lengths].join());
  });
}
