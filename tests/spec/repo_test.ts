import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const runner = denoRunner();
const missing = runner.which("openssl") === undefined ? "openssl is not installed" : undefined;

/** A program with a key pair that openssl made: `keys/me.rsa` and `public/me.rsa.pub`. */
async function prepared(): Promise<TestProgram> {
  const program = new TestProgram();
  for (const folder of ["keys", "public", "repository/x86_64"]) {
    Deno.mkdirSync(program.path(folder), { recursive: true });
  }
  const cwd = program.env.cwd;
  await runner.run({ argv: ["openssl", "genrsa", "-out", "keys/me.rsa", "2048"], cwd });
  await runner.run({
    argv: ["openssl", "rsa", "-in", "keys/me.rsa", "-pubout", "-out", "public/me.rsa.pub"],
    cwd,
  });
  program.write("hello/usr/bin/hello", "#!/bin/sh\necho hello\n");
  Deno.chmodSync(program.path("hello/usr/bin/hello"), 0o755);
  program.write("hello.PKGINFO", "pkgname = hello\npkgver = 1.0-r0\narch = x86_64\n");
  return program;
}

const PACK = ["repo", "pack", "hello", "--info", "hello.PKGINFO", "--key", "keys/me.rsa"];
const INDEX = ["repo", "index", "repository/x86_64", "--key", "keys/me.rsa"];
const TO_REPOSITORY = ["--output", "repository/x86_64"];
const KEYS = ["--keys", "public"];

function test(name: string, fn: (program: TestProgram) => Promise<void>): void {
  Deno.test({
    name: name + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    async fn() {
      using program = await prepared();
      await fn(program);
    },
  });
}

test("pack, index, resolve and build go round with keys of openssl", async (program) => {
  assertEquals(await program.run(...PACK, ...TO_REPOSITORY), {
    code: 0,
    out: "DIR/cwd/repository/x86_64/hello-1.0-r0.apk\n",
    err: "",
  });
  program.write("scripts/post-install", "#!/bin/sh\nexit 0\n");
  program.write("tool.PKGINFO", "pkgname = tool\npkgver = 2\narch = noarch\ndepend = hello\n");
  program.write("tool/usr/share/tool/text", "text");
  const tool = ["repo", "pack", "tool", "--info", "tool.PKGINFO", "--key", "keys/me.rsa"];
  assertEquals((await program.run(...tool, "--scripts", "scripts", ...TO_REPOSITORY)).code, 0);
  assertEquals(await program.run(...INDEX, ...KEYS), { code: 0, out: "2 packages\n", err: "" });

  const folder = program.path("repository");
  const archive = `${folder}/x86_64/APKINDEX.tar.gz`;
  const index = await runner.run({ argv: ["tar", "-xOzf", archive, "APKINDEX"] });
  const arches = new TextDecoder().decode(index.stdout).match(/^[PA]:.*$/gm);
  assertEquals(arches, ["P:hello", "A:x86_64", "P:tool", "A:x86_64"]);
  const resolved = await program.run("resolve", "tool", "--repository", folder, ...KEYS);
  assertEquals(resolved.out, "hello-1.0-r0\ntool-2\n");
  program.write("small.yaml", smallManifest(folder, { world: ["tool"] }));
  const built = await program.run("build", "small.yaml", ...KEYS, "--output", "out");
  assertEquals(built.code, 0, built.err);
  const record = JSON.parse(Deno.readTextFileSync(program.path("out/record.json")));
  assertEquals(record.packages.map((p: { key: string }) => p.key), ["me.rsa.pub", "me.rsa.pub"]);
  const listed = await runner.run({ argv: ["tar", "-tvf", program.path("out/small.tar")] });
  const text = new TextDecoder().decode(listed.stdout);
  assertMatch(text, /^-rwxr-xr-x .* usr\/bin\/hello$/m);
});

test("packing and indexing the same twice gives the same bytes", async (program) => {
  const bytes = async () => {
    await program.run(...PACK, ...TO_REPOSITORY);
    await program.run(...INDEX, ...KEYS);
    return ["hello-1.0-r0.apk", "APKINDEX.tar.gz"].map((name) =>
      Deno.readFileSync(program.path(`repository/x86_64/${name}`))
    );
  };
  const first = await bytes();
  Deno.utimeSync(program.path("hello/usr/bin/hello"), 1, 1);
  assertEquals(await bytes(), first);
});

test("pack refuses what it cannot sign or pack, and leaves nothing", async (program) => {
  const refused = async (args: readonly string[], message: RegExp) => {
    const { code, error } = await program.fails(...args, ...TO_REPOSITORY);
    assertEquals(code, 1);
    assertMatch(error.join("\n"), message);
    assertEquals([...Deno.readDirSync(program.path("repository/x86_64"))], []);
  };
  const pack = (tree: string, info: string, key: string) => [
    ...["repo", "pack", tree, "--info", info, "--key", key],
  ];
  program.write("bad.rsa", "no key\n");
  program.write("bad.PKGINFO", "pkgname = hello\n");
  program.write("evil.PKGINFO", "pkgname = ../../evil\npkgver = 1\n");
  await refused(
    pack("none", "hello.PKGINFO", "keys/me.rsa"),
    /"DIR\/cwd\/none": there is no such/,
  );
  await refused(pack("hello", "none", "keys/me.rsa"), /"DIR\/cwd\/none": there is no such/);
  await refused(pack("hello", "hello.PKGINFO", "none"), /"DIR\/cwd\/none": there is no such/);
  await refused(pack("hello", "hello.PKGINFO", "bad.rsa"), /key "bad.rsa"/);
  await refused(pack("hello", "hello.PKGINFO", "public/me.rsa.pub"), /key "me.rsa.pub"/);
  await refused(pack("hello", "bad.PKGINFO", "keys/me.rsa"), /it has no "pkgver"/);
  await refused(pack("hello", "evil.PKGINFO", "keys/me.rsa"), /pkgname ".*evil" is not allowed/);
});

test("index refuses packages that it cannot vouch for, and keeps the old index", async (program) => {
  const folder = program.path("repository/x86_64");
  await program.run(...PACK, ...TO_REPOSITORY);
  await program.run(...INDEX, ...KEYS);
  const before = Deno.readFileSync(`${folder}/APKINDEX.tar.gz`);
  const refused = async (message: RegExp, keys = KEYS) => {
    const { code, error } = await program.fails(...INDEX, ...keys);
    assertEquals(code, 1);
    assertMatch(error.join("\n"), message);
    assertEquals(Deno.readFileSync(`${folder}/APKINDEX.tar.gz`), before);
  };
  Deno.copyFileSync(`${folder}/hello-1.0-r0.apk`, `${folder}/hi-1.0-r0.apk`);
  await refused(/hi-1\.0-r0\.apk": it holds hello-1\.0-r0/);
  Deno.removeSync(`${folder}/hi-1.0-r0.apk`);
  Deno.writeTextFileSync(`${folder}/junk-1.apk`, "junk");
  await refused(/junk-1\.apk/);
  Deno.removeSync(`${folder}/junk-1.apk`);
  Deno.mkdirSync(program.path("stranger"));
  const { publicKey } = await strangerKey();
  program.write("stranger/me.rsa.pub", publicKey);
  await refused(/hello-1\.0-r0/, ["--keys", "stranger"]);
  const { error } = await program.fails(...INDEX, "--keys", "keys");
  assertStringIncludes(error[0]!, "Cannot find a public key (*.pub)");
});

async function strangerKey(): Promise<{ publicKey: string }> {
  const { generateKeyPairSync } = await import("node:crypto");
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}
