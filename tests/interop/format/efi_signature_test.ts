import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { concat, memorySource } from "../../../lib/bytes/bytes.ts";
import { withoutSignatures } from "../../../lib/format/pe/certificate_table.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import { addSections } from "../../../lib/format/pe/sections.ts";
import { pemOf } from "../../../lib/pki/pem.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { signerOfImage } from "../../../lib/secure_boot/authenticode.ts";
import { enrolmentFiles, KEY_VARIABLES } from "../../../lib/secure_boot/enrolment.ts";
import { certificatesOf } from "../../../lib/secure_boot/signature_list.ts";
import { DEBIAN_TOOLS, debianDependency, debianFolder } from "../../support/build/debian_files.ts";
import { peFile } from "../../support/format/pe_file.ts";
import { onlySignature, signedPe, SIGNER, STRANGER } from "../../support/format/signed_pe.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(
  runner,
  ...["sbsign", "sbverify", "sbattach", "objdump", "objcopy", "openssl"],
  ...["sign-efi-sig-list", "sig-list-to-certs", "cert-to-efi-sig-list"],
  ...DEBIAN_TOOLS,
);
const EFI = "usr/lib/systemd/boot/efi";

/** A folder with keys and certificates of two signers, and programs run in it. */
function workshop() {
  const folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  for (const [name, { pem, certificate }] of [["db", SIGNER], ["other", STRANGER]] as const) {
    Deno.writeTextFileSync(at(`${name}.key`), pem);
    Deno.writeTextFileSync(at(`${name}.crt`), pemOf(certificate.der, "CERTIFICATE"));
  }
  return {
    at,
    write: (name: string, bytes: Uint8Array) => Deno.writeFileSync(at(name), bytes),
    read: (name: string) => Deno.readFileSync(at(name)),
    /** What a program says, whatever its status is. */
    async told(...argv: [string, ...string[]]): Promise<string> {
      const { stdout, stderr } = await runner.run({
        argv,
        cwd: folder.path,
        okCodes: [0, 1],
      });
      return new TextDecoder().decode(concat([stdout, stderr]));
    },
    async run(...argv: [string, ...string[]]): Promise<string> {
      const { stdout } = await runner.run({ argv, cwd: folder.path });
      return new TextDecoder().decode(stdout);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const debian = async (name: string, path: string) =>
  Deno.readFileSync(join(await debianFolder(runner, name), path));

async function kernel(): Promise<Uint8Array<ArrayBuffer>> {
  const name = await debianDependency(runner, "linux-image-cloud-amd64", /^linux-image-\d/);
  return await debian(name, `boot/vmlinuz-${name.slice("linux-image-".length)}`);
}

function stripped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { headers, bodyEnd, tail } = withoutSignatures(readPe(memorySource(bytes)));
  return concat([headers, bytes.subarray(headers.length, bodyEnd), tail]);
}

/** A stub with sections of some content. */
function grown(stub: Uint8Array, sections: readonly [name: string, bytes: Uint8Array][]) {
  const { headers, bodyStart, bodyEnd, offsets, size } = addSections(
    readPe(memorySource(stub)),
    sections.map(([name, bytes]) => ({ name, size: bytes.length })),
  );
  const out = new Uint8Array(size);
  out.set(headers);
  out.set(stub.subarray(bodyStart, bodyEnd), bodyStart);
  offsets.forEach((offset, i) => out.set(sections[i]![1], offset));
  return out;
}

const SECTIONS: readonly [string, Uint8Array][] = [
  [".osrel", new TextEncoder().encode("ID=lab\n")],
  [".cmdline", new TextEncoder().encode("console=ttyS0\0")],
  [".linux", new Uint8Array(1_000_001).fill(7)],
  [".initrd", new Uint8Array(512).fill(8)],
];

Deno.test({
  ...named("sbverify takes what we sign: a loader, a kernel, a unified image, a tiny one", missing),
  async fn() {
    using shop = workshop();
    const programs = {
      loader: await debian("systemd-boot-efi", `${EFI}/systemd-bootx64.efi`),
      kernel: await kernel(),
      unified: grown(await debian("systemd-boot-efi", `${EFI}/linuxx64.efi.stub`), SECTIONS),
      tiny: peFile(),
    };
    for (const [name, bytes] of Object.entries(programs)) {
      const signed = signedPe(bytes);
      shop.write(name, signed);
      const told = await shop.told("sbverify", "--cert", "db.crt", name);
      assertStringIncludes(told, "Signature verification OK");
      // It warns of the loader's symbols, which stand behind its sections and are signed as well.
      assertEquals(told.includes("data remaining"), name === "loader", told);
      assertStringIncludes(
        await shop.told("sbverify", "--cert", "other.crt", name),
        "Signature verification failed",
      );
      signed[readPe(memorySource(signed)).headers.length + 5]! ^= 1;
      shop.write("changed", signed);
      assertStringIncludes(
        await shop.told("sbverify", "--cert", "db.crt", "changed"),
        "Signature verification failed",
      );
    }
  },
});

Deno.test({
  ...named("we take what sbsign signs, and make the same digest", missing),
  async fn() {
    using shop = workshop();
    for (
      const bytes of [
        await debian("systemd-boot-efi", `${EFI}/systemd-bootx64.efi`),
        stripped(await kernel()),
        peFile({ trailer: new Uint8Array(20).fill(1) }),
      ]
    ) {
      shop.write("plain", bytes);
      await shop.run(
        "sbsign",
        "--key",
        "db.key",
        "--cert",
        "db.crt",
        "--output",
        "theirs",
        "plain",
      );
      const theirs = readPe(memorySource(shop.read("theirs")));
      assertEquals(
        signerOfImage(theirs, [STRANGER.certificate, SIGNER.certificate]).commonName,
        "Test db",
      );
      // What is signed beside the time that sbsign adds.
      const part = onlySignature(signedPe(bytes)).toHex().slice(60, 200);
      assertStringIncludes(onlySignature(shop.read("theirs")).toHex(), part);
      assertEquals(signedPe(shop.read("theirs")).length, signedPe(bytes).length);
    }
  },
});

Deno.test({
  ...named("sbattach takes off what we put on, and we what a distribution put on", missing),
  async fn() {
    using shop = workshop();
    const loader = await debian("systemd-boot-efi", `${EFI}/systemd-bootx64.efi`);
    shop.write("signed", signedPe(loader));
    await shop.run("sbattach", "--detach", "signature", "--remove", "signed");
    assertEquals(shop.read("signature").toHex(), onlySignature(signedPe(loader)).toHex());
    assertStringIncludes(await shop.told("sbverify", "--list", "signed"), "No signature table");

    const bytes = await kernel();
    shop.write("kernel", bytes);
    assertMatch(await shop.told("sbverify", "--list", "kernel"), /image signature certificates/);
    shop.write("kernel", stripped(bytes));
    assertStringIncludes(await shop.told("sbverify", "--list", "kernel"), "No signature table");
  },
});

Deno.test({
  ...named("openssl reads our signature, which tells no time", missing),
  async fn() {
    using shop = workshop();
    shop.write("signature", onlySignature(signedPe(peFile())));
    const listed = await shop.run("openssl", "asn1parse", "-inform", "DER", "-in", "signature");
    assertStringIncludes(listed, "pkcs7-signedData");
    assertStringIncludes(listed, "1.3.6.1.4.1.311.2.1.15");
    const printed = await shop.run(
      ...["openssl", "pkcs7", "-inform", "DER", "-in", "signature", "-print", "-noout"] as const,
    );
    assertMatch(printed, /algorithm: sha256 \(2\.16\.840\.1\.101\.3\.4\.2\.1\)/);
    assertMatch(printed, /object: messageDigest/);
    assert(!printed.includes("signingTime"), printed);
  },
});

Deno.test({
  ...named("objdump and objcopy find the sections of a unified image as they were put in", missing),
  async fn() {
    using shop = workshop();
    shop.write(
      "uki",
      grown(await debian("systemd-boot-efi", `${EFI}/linuxx64.efi.stub`), SECTIONS),
    );
    const listed = await shop.run("objdump", "-h", "uki");
    for (const [name, bytes] of SECTIONS) {
      const size = bytes.length.toString(16).padStart(8, "0");
      assertMatch(listed, new RegExp(`\\${name} +${size} `));
      await shop.run("objcopy", "-O", "binary", `--only-section=${name}`, "uki", "section");
      // Without its padding a section is what its size in memory says.
      assertEquals(shop.read("section").subarray(0, bytes.length), bytes);
    }
    assertStringIncludes(await shop.told("objdump", "-t", "uki"), "no symbols");
  },
});

Deno.test({
  ...named("openssl and efitools read what enrols our keys, and make the same of it", missing),
  async fn() {
    using shop = workshop();
    const keys = { PK: SIGNER.key, KEK: STRANGER.key, db: SIGNER.key };
    const timestamp = Date.UTC(2024, 1, 29, 12, 34, 56) / 1000;
    const wish = { name: "Mine", notBefore: 0, notAfter: 4_000_000_000, timestamp, moreOfDb: [] };
    const files = enrolmentFiles(keys, wish);
    for (const [name, bytes] of files) shop.write(name, bytes);
    for (const variable of KEY_VARIABLES) {
      const text = await shop.run("openssl", "x509", "-noout", "-text", "-in", `${variable}.crt`);
      assertStringIncludes(text, `Subject: CN = Mine ${variable}`);
      assertStringIncludes(text, "Not Before: Jan  1 00:00:00 1970 GMT");
      assertStringIncludes(text, "Not After : Oct  2 07:06:40 2096 GMT");
      assertStringIncludes(text, "CA:FALSE");
      assertMatch(text, /X509v3 Key Usage: critical\s+Digital Signature\n/);
      await shop.run(
        "openssl",
        "verify",
        "-check_ss_sig",
        "-CAfile",
        `${variable}.crt`,
        `${variable}.crt`,
      );

      const { owner } = certificatesOf(files.get(`${variable}.esl`)!)[0]!;
      await shop.run("cert-to-efi-sig-list", "-g", owner, `${variable}.crt`, "theirs.esl");
      assertEquals(shop.read("theirs.esl"), files.get(`${variable}.esl`));
      await shop.run("sig-list-to-certs", `${variable}.esl`, "listed");
      assertEquals(shop.read("listed-0.der"), files.get(`${variable}.cer`));

      // The bytes to sign, by -o; then what efitools makes of our signature of them.
      const signer = variable === "db" ? "KEK" : "PK";
      const options = ["-t", "2024-02-29 12:34:56", "-o"];
      await shop.run("sign-efi-sig-list", ...options, variable, `${variable}.esl`, "bundle");
      const key = variable === "db" ? STRANGER.key : SIGNER.key;
      const auth = files.get(`${variable}.auth`)!;
      shop.write("by-hand", key.sign(shop.read("bundle")));
      assertStringIncludes(auth.toHex(), shop.read("by-hand").toHex());
      Deno.writeTextFileSync(shop.at("signer.key"), variable === "db" ? STRANGER.pem : SIGNER.pem);
      await shop.run(
        ...["sign-efi-sig-list", "-t", "2024-02-29 12:34:56", "-k", "signer.key"] as const,
        ...["-c", `${signer}.crt`, variable, `${variable}.esl`, "theirs.auth"],
      );
      assertEquals(auth, shop.read("theirs.auth"), `${variable}.auth is not efitools'`);
    }
  },
});
