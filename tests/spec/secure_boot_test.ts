import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { memorySource } from "../../lib/bytes/bytes.ts";
import { readPe } from "../../lib/format/pe/headers.ts";
import { pemOf } from "../../lib/pki/pem.ts";
import { signerOfImage } from "../../lib/secure_boot/authenticode.ts";
import { peFile } from "../support/format/pe_file.ts";
import { signedPe, SIGNER, STRANGER } from "../support/format/signed_pe.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const BUILD = ["small.yaml", "--keys", "repository/keys"];
const PROGRAM = peFile({ trailer: new Uint8Array(50).fill(9) });
const STAGE = { kind: "secure-boot", keys: "keys", sign: ["/boot/a.efi"] };

/** A manifest whose only program is to be signed, a repository, and a folder of keys. */
function workshop(stage: object = STAGE): TestProgram {
  const program = new TestProgram();
  const { folder } = program.repository([{ name: "hello", files: { "boot/a.efi": PROGRAM } }]);
  const outputs = [{ kind: "tar", file: "small.tar" }];
  program.write("small.yaml", smallManifest(folder, { stages: [stage], outputs }));
  for (const [name, { pem, certificate }] of [["keys", SIGNER], ["others", STRANGER]] as const) {
    program.write(`${name}/db.key`, pem);
    Deno.chmodSync(program.path(`${name}/db.key`), 0o600);
    program.write(`${name}/public/db.crt`, pemOf(certificate.der, "CERTIFICATE"));
  }
  return program;
}

/** The program as it lies in the archive that was built. */
function programIn(program: TestProgram, folder: string): Uint8Array {
  const archive = Deno.readFileSync(program.path(`${folder}/small.tar`));
  const name = new TextEncoder().encode("boot/a.efi\0");
  for (let at = 0; at < archive.length; at += 512) {
    if (!name.every((byte, i) => archive[at + i] === byte)) continue;
    const size = parseInt(new TextDecoder().decode(archive.subarray(at + 124, at + 136)), 8);
    return archive.slice(at + 512, at + 512 + size);
  }
  throw new Error("no program is in the archive");
}

const read = (program: TestProgram, path: string) => Deno.readFileSync(program.path(path));

Deno.test("a build signs by a key of which nothing gets into artifacts, cache, plan or messages", async () => {
  using program = workshop();
  const build = (output: string) =>
    program.run("build", ...BUILD, "--output", output, "--secure-boot-key", "keys/db.key", "-v");
  const { code, out, err } = await build("out");
  assertEquals(code, 0, err);
  const signed = programIn(program, "out");
  assertEquals(signed, signedPe(PROGRAM));
  assertEquals(
    signerOfImage(readPe(memorySource(signed)), [SIGNER.certificate]).commonName,
    "Test db",
  );
  assertEquals((await build("again")).code, 0);
  assertEquals(read(program, "again/small.tar"), read(program, "out/small.tar"));
  const { out: plan } = await program.run("plan", ...BUILD, "--json");
  // A line of the middle of the key's PEM, and its bytes.
  const line = SIGNER.pem.split("\n")[10]!;
  assert(line.length === 64 && !(out + err + plan).includes(line));
  const secret = Uint8Array.fromBase64(SIGNER.pem.split("\n").slice(1, -2).join("")).slice(
    700,
    730,
  );
  for (const folder of [program.path("out"), program.env.cacheDir]) {
    for (const path of filesBelow(folder)) {
      const text = Deno.readFileSync(path).toHex();
      assert(!text.includes(secret.toHex()), `${path} holds the key`);
      assert(!text.includes(new TextEncoder().encode(line).toHex()), `${path} holds the key`);
    }
  }
});

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("signatures that were made elsewhere give the same bytes as the key", async () => {
  using program = workshop();
  const key = ["--secure-boot-key", "keys/db.key"];
  assertEquals((await program.run("build", ...BUILD, "--output", "by-key", ...key)).code, 0);
  const listed = await program.run("efi", "list", ...BUILD, "--output", "list");
  assertEquals(listed.code, 0, listed.err);
  program.write("request.json", listed.out);
  assertEquals(JSON.parse(listed.out).images.map(({ path }: { path: string }) => path), [
    "/boot/a.efi",
  ]);
  const answered = await program.run("efi", "sign", "request.json", "--key", "keys/db.key");
  const [{ digest }] = JSON.parse(listed.out).images;
  assertEquals(
    [answered.code, answered.err],
    [0, `signed for "Test db", as "small" asks for:\n  ${digest}  /boot/a.efi\n`],
  );
  program.write("signatures.json", answered.out);
  const { code, err } = await program.run(
    ...["build", ...BUILD, "--output", "by-list", "--secure-boot-signatures", "signatures.json"],
  );
  assertEquals(code, 0, err);
  assertEquals(read(program, "by-list/small.tar"), read(program, "by-key/small.tar"));
  assertEquals(read(program, "by-list/record.json"), read(program, "by-key/record.json"));
});

Deno.test("without a key, and by another, nothing is built; it says where and what to do", async () => {
  using program = workshop();
  const fails = async (...options: string[]) =>
    (await program.fails("build", ...BUILD, "--output", "out", ...options)).error
      // How far to the right depends on where the test's folder is.
      .map((line) => line.replace(/^small\.yaml:1:\d+: /, "small.yaml: "));
  assertEquals(await fails(), [
    'error: Cannot sign for Secure Boot: the key of "Test db" is not given',
    "small.yaml: stages[1]",
    "  hint: give it by --secure-boot-key FILE, or signatures that were made where it lies by " +
    "--secure-boot-signatures FILE (tower-build efi list SYSTEM)",
  ]);
  assertEquals(
    (await fails("--secure-boot-key", "others/db.key"))[0],
    'error: Cannot sign with key "DIR/cwd/others/db.key": it is not the key of certificate "Test db"',
  );
  assertEquals(
    (await fails("--secure-boot-key", "small.yaml"))[0],
    'error: Cannot use key "DIR/cwd/small.yaml": it is no private key in PEM',
  );
  assertEquals(
    (await fails("--secure-boot-signatures", "small.yaml"))[0]!.slice(0, 60),
    'error: Cannot read signatures "DIR/cwd/small.yaml": version:',
  );
  assertEquals([...Deno.readDirSync(program.path("out"))].map(({ name }) => name).sort(), [
    "small-x86_64.lock.json",
  ]);
});

Deno.test("the tree shows without a key, as large as it will be; a system that signs nothing lists nothing", async () => {
  using program = workshop();
  const { code, out } = await program.run("show-tree", ...BUILD, "--output", "out");
  assertEquals(code, 0);
  assertStringIncludes(out, ` ${signedPe(PROGRAM).length} stage:secure-boot /boot/a.efi\n`);
  using other = workshop({ ...STAGE, sign: [] });
  assertEquals((await other.fails("efi", "list", ...BUILD, "--output", "out")).error, [
    'error: Cannot list what is to be signed: "small" has no stage secure-boot that signs',
  ]);
  assertEquals((await other.run("build", ...BUILD, "--output", "out")).code, 0);
});

Deno.test("a key that others can read is used with a warning", async () => {
  using program = workshop();
  Deno.chmodSync(program.path("keys/db.key"), 0o644);
  const { code, err } = await program.run(
    ...["build", ...BUILD, "--output", "out", "--secure-boot-key", "keys/db.key"],
  );
  assertEquals(code, 0);
  assertStringIncludes(err, 'warning: others can read key "DIR/cwd/keys/db.key": chmod 600 it\n');
});

Deno.test("efi verify names the signer of each program, and fails at one that it did not sign", async () => {
  using program = workshop();
  Deno.writeFileSync(program.path("a.efi"), signedPe(PROGRAM));
  Deno.writeFileSync(program.path("b.efi"), signedPe(PROGRAM, STRANGER));
  const certificate = ["--certificate", "keys/public/db.crt"];
  assertEquals(
    (await program.run("efi", "verify", "a.efi", "a.efi", ...certificate)).out,
    "a.efi: signed by Test db\n".repeat(2),
  );
  const { code, out, err } = await program.run("efi", "verify", "a.efi", "b.efi", ...certificate);
  assertEquals([code, out], [1, "a.efi: signed by Test db\n"]);
  assertStringIncludes(err, 'error: Cannot trust "DIR/cwd/b.efi"\n');
  assertStringIncludes(err, "no certificate that is trusted signed it\n");
});
