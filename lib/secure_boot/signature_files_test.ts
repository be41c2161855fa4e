import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { SIGNER, STRANGER } from "../../tests/support/format/signed_pe.ts";
import { toBeSigned } from "./authenticode.ts";
import { collectingSigner, keySigner, NO_SIGNER, type UnsignedImage } from "./efi_signer.ts";
import { answeredSigner, answerRequest, formatRequest, parseRequest } from "./signature_files.ts";

const { certificate, key } = SIGNER;
const image = (byte: number): UnsignedImage => ({
  path: `/boot/${byte}.efi`,
  digest: new Uint8Array(32).fill(byte),
});
const request = { system: "lab", certificate, images: [image(1), image(2)] };
const refusal = (work: () => unknown) => {
  const { code, message } = assertThrows(work, TowerError);
  return `${code}: ${message}`;
};

Deno.test("a request comes back as it was, and its answer signs what the key itself would", () => {
  const text = formatRequest(request);
  assertEquals(parseRequest(text, "r"), request);
  const answer = answerRequest(parseRequest(text, "r"), key, "key");
  const signer = answeredSigner(answer, "a");
  signer.check(certificate);
  for (const { path, digest } of request.images) {
    const expected = key.sign(toBeSigned(digest));
    assertEquals(signer.sign({ path, digest }, certificate), expected);
    assertEquals(keySigner(key, "key").sign({ path, digest }, certificate), expected);
  }
});

Deno.test("signatures are asked whether they fit: certificate, program, and themselves", () => {
  const answer = answerRequest(request, key, "key");
  const signer = answeredSigner(answer, "a");
  assertEquals(
    refusal(() => signer.check(STRANGER.certificate)),
    'untrusted: Cannot use signatures "a": they are not of certificate "Other db"',
  );
  assertEquals(
    refusal(() => signer.sign(image(3), certificate)),
    'stale: Cannot sign "/boot/3.efi": signatures "a" have none of it as it is',
  );
  const value = JSON.parse(answer);
  value.signatures[0].signature = value.signatures[1].signature;
  assertEquals(
    refusal(() => answeredSigner(JSON.stringify(value), "a").sign(image(1), certificate)),
    'untrusted: Cannot sign "/boot/1.efi": signatures "a" have a wrong one of it',
  );
});

Deno.test("another key than the certificate's signs nothing", () => {
  const cause = 'untrusted: Cannot sign with key "k": it is not the key of certificate "Test db"';
  assertEquals(refusal(() => answerRequest(request, STRANGER.key, 'key "k"')), cause);
  assertEquals(
    refusal(() => answerRequest({ ...request, images: [] }, STRANGER.key, 'key "k"')),
    cause,
  );
  assertEquals(
    refusal(() => keySigner(STRANGER.key, 'key "k"').sign(image(1), certificate)),
    cause,
  );
  assertEquals(
    refusal(() => NO_SIGNER.check(certificate)),
    'usage: Cannot sign for Secure Boot: the key of "Test db" is not given',
  );
  assertThrows(() => NO_SIGNER.sign(image(1), certificate), TowerError);
});

Deno.test("what is to be signed is taken down, with room for its signature", () => {
  const seen: string[] = [];
  const signer = collectingSigner(({ path }, { commonName }) => void seen.push(path, commonName));
  signer.check(STRANGER.certificate);
  assertEquals(signer.sign(image(1), certificate), new Uint8Array(256));
  assertEquals(seen, ["/boot/1.efi", "Test db"]);
});

Deno.test("files that are none, or of the other kind, are refused by name", () => {
  const answer = answerRequest(request, key, "key");
  const listed = formatRequest(request);
  assertEquals(
    refusal(() => parseRequest("{", "r")),
    'malformed: Cannot read list of EFI programs "r": it is not JSON',
  );
  const twice = answer.replace('"kind":', '"kind": "efi-signature-request", "kind":');
  assertEquals(
    refusal(() => answeredSigner(twice, "a")),
    'malformed: Cannot read signatures "a": it is not JSON',
  );
  assertThrows(() => parseRequest(answer, "r"), TowerError, "Cannot read list of EFI programs");
  assertThrows(() => answeredSigner(listed, "a"), TowerError, 'Cannot read signatures "a": kind');
  const value = JSON.parse(listed);
  for (
    const change of [
      { certificate: "none" },
      { images: [{ path: "x", digest: "00" }] },
      { images: Array(1001).fill(value.images[0]) },
      { version: 2 },
      { more: 1 },
    ]
  ) {
    assertThrows(() => parseRequest(JSON.stringify({ ...value, ...change }), "r"), TowerError);
  }
});
