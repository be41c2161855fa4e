import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { SIGNER, STRANGER } from "../../tests/support/format/signed_pe.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { readCertificate } from "../pki/certificate.ts";
import { isSignedBy } from "../pki/rsa_key.ts";
import { readSignedData } from "../pki/signed_data.ts";
import { concat } from "../bytes/bytes.ts";
import { enrolmentFiles } from "./enrolment.ts";
import { certificatesOf, signatureLists } from "./signature_list.ts";

const KEYS = { PK: SIGNER.key, KEK: STRANGER.key, db: SIGNER.key };
const WISH = {
  name: "Mine",
  notBefore: 1_704_067_200,
  notAfter: 2_524_607_999,
  timestamp: 1_704_067_201,
  moreOfDb: [],
};
const files = enrolmentFiles(KEYS, WISH);
const file = (name: string) => files.get(name)!;

Deno.test("three keys have each its certificate, its list and its signed change", () => {
  assertEquals([...files.keys()], [
    ...["PK.crt", "PK.cer", "PK.esl", "PK.auth"],
    ...["KEK.crt", "KEK.cer", "KEK.esl", "KEK.auth"],
    ...["db.crt", "db.cer", "db.esl", "db.auth"],
  ]);
  assertEquals(enrolmentFiles(KEYS, WISH), files);
  assertEquals(readCertificate(file("KEK.crt"), "x").commonName, "Mine KEK");
  assertEquals(readCertificate(file("KEK.crt"), "x").der, file("KEK.cer"));
  const { owner, certificate } = certificatesOf(file("db.esl"))[0]!;
  assertEquals(certificate, file("db.cer"));
  assertEquals(owner, certificatesOf(file("PK.esl"))[0]!.owner);
});

Deno.test("a change is signed by the key above, over name, vendor, attributes, time and value", () => {
  // UEFI §8.2.2, spelled out by hand.
  const guids = {
    PK: "61dfe48bca93d211aa0d00e098032b8c",
    KEK: "61dfe48bca93d211aa0d00e098032b8c",
    db: "cbb219d73a3d9645a3bcdad00e67656f",
  };
  const time = "e8070101000001000000000000000000";
  const signers = { PK: SIGNER.key, KEK: SIGNER.key, db: STRANGER.key };
  for (const variable of ["PK", "KEK", "db"] as const) {
    const auth = file(`${variable}.auth`);
    assertEquals(auth.subarray(0, 16).toHex(), time);
    const view = new DataView(auth.buffer);
    const length = view.getUint32(16, true);
    assertEquals(auth.subarray(20, 40).toHex(), "0002f10e9dd2af4adf68ee498aa9347d375665a7");
    assertEquals(auth.subarray(16 + length), file(`${variable}.esl`));
    const data = readSignedData(auth.subarray(40, 16 + length));
    assertEquals(data.content, undefined);
    const name = [...variable].map((c) => c.charCodeAt(0).toString(16) + "00").join("");
    const signed = concat([
      Uint8Array.fromHex(name + guids[variable] + "27000000" + time),
      file(`${variable}.esl`),
    ]);
    assertEquals(data.signers.length, 1);
    assertEquals(data.signers[0]!.attributes, undefined);
    assert(isSignedBy(signers[variable].publicKey, signed, data.signers[0]!.signature), variable);
    // Firmware of before 2018 looks for SHA-256 at this very place.
    assertEquals(auth.subarray(40 + 13, 40 + 22).toHex(), "608648016503040201");
  }
});

Deno.test("certificates of others that may sign too stand behind one's own", () => {
  const other = STRANGER.certificate.der;
  const more = enrolmentFiles(KEYS, { ...WISH, moreOfDb: [other] });
  assertEquals(certificatesOf(more.get("db.esl")!).map(({ certificate }) => certificate), [
    file("db.cer"),
    other,
  ]);
  assertEquals(more.get("KEK.esl"), file("KEK.esl"));
});

Deno.test("changed signature lists end in a TowerError or in parts of them", () => {
  const random = randomNumbers(5);
  const { owner } = certificatesOf(file("PK.esl"))[0]!;
  const lists = signatureLists([7, 30].map((length) => ({
    owner,
    certificate: new Uint8Array(length),
  })));
  assertEquals(certificatesOf(lists).map(({ certificate }) => certificate.length), [7, 30]);
  for (let i = 0; i < 20_000; i++) {
    const bytes = lists.slice();
    for (let n = random.below(3); n >= 0; n--) {
      bytes[random.below(bytes.length)] = random.pick([0, 1, 0xff, random.below(256)]);
    }
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      const sum = certificatesOf(cut).reduce((all, c) => all + c.certificate.length, 0);
      assert(sum <= cut.length);
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
    }
  }
  assertThrows(() => certificatesOf(new Uint8Array(27)), TowerError, "cut off");
});
