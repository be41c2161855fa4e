import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { peFile } from "../../tests/support/format/pe_file.ts";
import { onlySignature, signedPe, SIGNER, STRANGER } from "../../tests/support/format/signed_pe.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { concat, memorySource } from "../bytes/bytes.ts";
import { digestOf } from "../bytes/digest.ts";
import { readPe } from "../format/pe/headers.ts";
import { withSignature } from "../format/pe/certificate_table.ts";
import { readSignedData } from "../pki/signed_data.ts";
import { authenticode, signerOfImage } from "./authenticode.ts";

const plain = peFile({ trailer: new Uint8Array(18).fill(3) });
const signer = (bytes: Uint8Array, trusted = [STRANGER.certificate, SIGNER.certificate]) =>
  signerOfImage(readPe(memorySource(bytes)), trusted).commonName;

const refuses = (bytes: Uint8Array, cause: string, trusted = [SIGNER.certificate]) =>
  assertEquals(
    assertThrows(() => signer(bytes, trusted), TowerError).message,
    `Cannot trust EFI program: ${cause}`,
  );

Deno.test("a program that was signed names its signer; the same key gives the same bytes", () => {
  const signed = signedPe(plain);
  assertEquals(signer(signed), "Test db");
  assertEquals(signer(signedPe(plain, STRANGER)), "Other db");
  assertEquals(signedPe(plain), signed);
  assertEquals(signedPe(signed), signed);
  assertEquals(
    digestOf(signed),
    "sha256:428699673389043f151a1df7244883b836f4bd79e0b90d9d54e06e7fbc46abe9",
  );
});

Deno.test("a program that is not the one that was signed, or by another key, is refused", () => {
  refuses(plain, "it is not signed");
  refuses(signedPe(plain, STRANGER), "no certificate that is trusted signed it");
  refuses(signedPe(plain), "no certificate that is trusted signed it", []);
  const changed = signedPe(plain);
  changed[1024]! ^= 1;
  refuses(changed, "it is not the one that was signed");
  // The name of one key, signed by another.
  const { certificate } = SIGNER;
  refuses(
    signedPe(plain, { certificate, key: STRANGER.key }),
    "its signature is not of the key that it names",
  );
});

Deno.test("signed attributes of another digest do not vouch for the content", () => {
  const pe = readPe(memorySource(plain));
  const other = new Uint8Array(32).fill(1);
  const donor = authenticode(other, SIGNER.certificate, SIGNER.key.sign(new Uint8Array()));
  const { headers, bodyEnd, tail } = withSignature(pe, donor);
  refuses(
    concat([headers, plain.subarray(headers.length, bodyEnd), tail]),
    "it is not the one that was signed",
  );
});

Deno.test("each changed byte of a signed program is seen, but for what no signature covers", () => {
  const signed = signedPe(plain);
  const table = 1536 + 24;
  // Check sum; where the table is, which is read before; and padding.
  const uncovered = new Set([0x98 + 64, 0x98 + 65, 0x98 + 66, 0x98 + 67]);
  const passed: number[] = [];
  for (let at = 0; at < table; at++) {
    const bytes = signed.slice();
    bytes[at]! ^= 0x10;
    try {
      signer(bytes);
      passed.push(at);
    } catch (error) {
      assert(error instanceof TowerError, String(error));
    }
  }
  assertEquals(new Set(passed), uncovered);
});

Deno.test("20,000 changed signatures end in a TowerError or in what was read", () => {
  const seed = 4096;
  const random = randomNumbers(seed);
  const original = onlySignature(signedPe(plain));
  for (let i = 0; i < 20_000; i++) {
    const bytes = original.slice();
    for (let n = random.below(3); n >= 0; n--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      readSignedData(cut);
    } catch (error) {
      assert(error instanceof TowerError, `seed ${seed}, case ${i}: ${error}`);
    }
  }
});

Deno.test("a program whose signature was changed has its signer or none, never another", () => {
  const random = randomNumbers(4097);
  const signed = signedPe(plain);
  for (let i = 0; i < 1000; i++) {
    const bytes = signed.slice();
    for (let n = random.below(3); n >= 0; n--) {
      bytes[1536 + random.below(bytes.length - 1536)] = random.below(256);
    }
    try {
      assertEquals(signer(bytes), "Test db");
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
    }
  }
});
