import { assert, assertEquals, assertMatch } from "@std/assert";
import { readCertificate } from "../../lib/pki/certificate.ts";
import { isSignedBy, loadRsaSigner } from "../../lib/pki/rsa_key.ts";
import { certificatesOf } from "../../lib/secure_boot/signature_list.ts";
import { pemOf } from "../../lib/pki/pem.ts";
import { STRANGER } from "../support/format/signed_pe.ts";
import { TestProgram } from "../support/program/test_program.ts";

const KEYS = ["PK", "KEK", "db"];
const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o7777;

Deno.test("keys secure-boot makes a folder of keys for oneself and files for all", async () => {
  using program = new TestProgram();
  const options = ["--name", "Mine", "--valid-from", "2025-01-02", "--valid-to", "2051-03-04"];
  const { code, out } = await program.run(
    "keys",
    "secure-boot",
    "--output",
    "a/b/keys",
    ...options,
  );
  assertEquals([code, out], [0, "DIR/cwd/a/b/keys\n"]);
  const at = (name: string) => program.path(`a/b/keys/${name}`);
  assertEquals(mode(at("")), 0o700);
  assertEquals(mode(at("public")), 0o755);
  const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  assertEquals(names(at("")), ["KEK.key", "PK.key", "db.key", "public"]);
  assertEquals(names(program.path("a/b")), ["keys"]);
  const secrets: string[] = [];
  for (const name of KEYS) {
    assertEquals(mode(at(`${name}.key`)), 0o600);
    const pem = Deno.readTextFileSync(at(`${name}.key`));
    secrets.push(pem);
    const key = loadRsaSigner(pem, name);
    const certificate = readCertificate(Deno.readFileSync(at(`public/${name}.crt`)), name);
    assertEquals(certificate.publicKey, key.publicKey);
    assertEquals(certificate.commonName, `Mine ${name}`);
    assertEquals(certificate.notBefore, Date.UTC(2025, 0, 2) / 1000);
    const message = new Uint8Array([1]);
    assert(isSignedBy(certificate.publicKey, message, key.sign(message)));
    assertMatch(
      Deno.readTextFileSync(at(`public/${name}.cer`)),
      /20510304235959Z/, // to the end of the day
    );
    // The time of the enrolment is the first day.
    const auth = Deno.readFileSync(at(`public/${name}.auth`));
    assertEquals(auth.subarray(0, 16).toHex(), "e9070102000000000000000000000000");
  }
  assertEquals(new Set(secrets).size, 3);
  assertEquals(names(at("public")).length, 12);
});

Deno.test("a folder that is there, and a link to nothing, stay as they are", async () => {
  using program = new TestProgram();
  Deno.mkdirSync(program.path("keys"));
  Deno.symlinkSync("nothing", program.path("link"));
  for (const name of ["keys", "link"]) {
    assertEquals((await program.fails("keys", "secure-boot", "--output", name)).error, [
      `error: Cannot make folder "DIR/cwd/${name}": it exists`,
      "  hint: name another one: what is there may be in use, and stays as it is",
    ]);
  }
  assertEquals([...Deno.readDirSync(program.path("keys"))], []);
  assertEquals(Deno.readLinkSync(program.path("link")), "nothing");
});

Deno.test("what cannot be is refused before a key is made", async () => {
  using program = new TestProgram();
  program.write("none.crt", "none");
  const make = (...options: string[]) =>
    program.fails("keys", "secure-boot", "--output", "keys", ...options);
  assertEquals((await make("--valid-from", "2025-01-02", "--valid-to", "2025-01-01")).error, [
    "error: Cannot make certificates: they would end before they begin",
  ]);
  assertEquals((await make("--also-trust", "none.crt")).error, [
    'error: Cannot read certificate "DIR/cwd/none.crt": it is neither DER nor one block of PEM',
  ]);
  assertEquals([...Deno.readDirSync(program.env.cwd)].map(({ name }) => name), ["none.crt"]);
});

Deno.test("certificates of others stand in db's list behind one's own; a time is as asked for", async () => {
  using program = new TestProgram();
  program.write("other.crt", pemOf(STRANGER.certificate.der, "CERTIFICATE"));
  const options = ["--also-trust", "other.crt", "--timestamp", "2025-06-07T08:09:10Z"];
  const { code, err } = await program.run("keys", "secure-boot", "--output", "keys", ...options);
  assertEquals(code, 0, err);
  const listed = certificatesOf(Deno.readFileSync(program.path("keys/public/db.esl")));
  assertEquals(listed.length, 2);
  assertEquals(listed[1]!.certificate, STRANGER.certificate.der);
  const auth = Deno.readFileSync(program.path("keys/public/KEK.auth"));
  assertEquals(auth.subarray(0, 16).toHex(), "e907060708090a000000000000000000");
});
