import { assert, assertEquals, assertMatch } from "@std/assert";
import { digestOf } from "../../lib/bytes/digest.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { listDir, removeTree } from "../../lib/files/files.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const runner = denoRunner();
const OUTPUTS = [{ kind: "tar", file: "small.tar" }, { kind: "cpio", file: "small.cpio" }];
const OVERLAY = "what the overlay says\n";

/** A program that has built once; each later build must give the same bytes. */
async function built() {
  const program = new TestProgram();
  const { folder } = program.repository();
  program.write("overlay/etc/told", OVERLAY);
  const stages = [{ kind: "files", overlay: "overlay" }];
  program.write("small.yaml", smallManifest(folder, { stages, outputs: OUTPUTS }));
  const args = ["build", "small.yaml", "--keys", "repository/keys", "--output", "out"];
  const first = await program.run(...args);
  assertEquals(first.code, 0, first.err);
  const store = `${program.env.cacheDir}/store`;
  return {
    program,
    folder,
    store,
    digest: (file: string) => hashFile(program.path(`out/${file}`)),
    /** Builds all of it once more from the same lock. */
    async again(...options: string[]) {
      Deno.writeTextFileSync(program.path("out/small.tar"), "so that something changed");
      return await program.run(...args, "--frozen", ...options);
    },
    fails: (...options: string[]) => {
      Deno.writeTextFileSync(program.path("out/small.tar"), "so that something changed");
      return program.fails(...args, "--frozen", ...options);
    },
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

function filesBelow(folder: string): string[] {
  return listDir(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return Deno.statSync(path).isDirectory ? filesBelow(path) : [path];
  });
}

/** Changes one byte, as a disk that rots does: size and name stay. */
function damage(path: string, at: number): void {
  const bytes = Deno.readFileSync(path);
  bytes[Math.floor(at * (bytes.length - 1))]! ^= 0x04;
  Deno.chmodSync(path, 0o644);
  Deno.writeFileSync(path, bytes);
}

/** The blobs with a text, each with that text changed. */
function damageText(store: string, text: string): string[] {
  return filesBelow(store).filter((path) => {
    const content = new TextDecoder("latin1").decode(Deno.readFileSync(path));
    if (!path.includes("/blobs/") || !content.includes(text)) return false;
    Deno.chmodSync(path, 0o644);
    const changed = content.replace(text, text.toUpperCase());
    Deno.writeFileSync(path, Uint8Array.from(changed, (c) => c.charCodeAt(0)));
    return true;
  });
}

Deno.test("a byte changed anywhere in the store never reaches an artifact, and is mended", async () => {
  using b = await built();
  const good = OUTPUTS.map(({ file }) => b.digest(file));
  const files = filesBelow(b.store);
  assert(files.some((f) => f.includes("/notes/")) && files.some((f) => f.includes("/blobs/")));
  let told = 0;
  for (const path of files) {
    for (const at of [0, 0.3, 0.6, 1]) {
      damage(path, at);
      const { code, err } = await b.again();
      assertEquals(code, 0, `${path} at ${at}: ${err}`);
      assertEquals(OUTPUTS.map(({ file }) => b.digest(file)), good, `${path} at ${at}`);
      if (/warning: .* damaged/.test(err)) told++;
    }
  }
  assert(told >= files.length, `${told} of ${4 * files.length} changes were told`);
});

Deno.test({
  ...named(
    "what is no file in the store is waited for by nobody",
    programsMissing(runner, "mkfifo"),
  ),
  async fn() {
    using b = await built();
    const good = OUTPUTS.map(({ file }) => b.digest(file));
    for (const path of filesBelow(b.store)) {
      removeTree(path);
      await runner.run({ argv: ["mkfifo", path] });
      const { code, err } = await b.again();
      assertEquals(code, 0, `${path}: ${err}`);
      assertEquals(OUTPUTS.map(({ file }) => b.digest(file)), good, path);
    }
  },
});

Deno.test("a folder where the store has a file stops a build, with what to do", async () => {
  using b = await built();
  const good = OUTPUTS.map(({ file }) => b.digest(file));
  let told = 0;
  for (const path of filesBelow(b.store).filter((path) => /\/(blobs|notes)\//.test(path))) {
    removeTree(path);
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/mine`, "not Tower's");
    const { code, err } = await b.again();
    // What a build has no use for is no concern of it.
    if (code !== 0) {
      told++;
      assertMatch(
        err,
        /error: Cannot use the content store: a folder is where a file goes, "[^"]+"\n/,
      );
      assertMatch(err, /hint: no program of Tower makes a folder there: take it away/);
      assert(err.includes(path.slice(b.store.length)), err);
    }
    assertEquals(Deno.readTextFileSync(`${path}/mine`), "not Tower's");
    removeTree(path);
    const { code: after, err: why } = await b.again();
    assertEquals(after, 0, why);
    assertEquals(OUTPUTS.map(({ file }) => b.digest(file)), good, path);
  }
  assert(told > 5, String(told));
});

Deno.test("a package whose content rotted is told by name and loaded again", async () => {
  using b = await built();
  const [blob] = damageText(b.store, "echo hello") as [string];
  const [start, rest] = blob.split("/").slice(-2);
  const { code, err } = await b.again();
  assertEquals(code, 0, err);
  assertMatch(
    err,
    new RegExp(
      `warning: package "hello-[^"]+" \\(blob "sha256:${start}${rest}"\\) was damaged in the ` +
        `store: loading it again`,
    ),
  );
  assertEquals(hashFile(blob), `sha256:${start}${rest}`);
  assertEquals((await b.again()).err.includes("warning"), false);
});

Deno.test("without its source a damaged package is told with its blob, and no artifact is written", async () => {
  using b = await built();
  damageText(b.store, "echo hello");
  removeTree(`${b.folder}/x86_64`);
  const { code, error } = await b.fails("--offline");
  assertEquals(code, 1);
  assertMatch(
    error[0]!,
    /^error: Cannot replace what was damaged in the store: package "hello-[^"]+" \(blob "sha256:[0-9a-f]{64}"\)/,
  );
});

Deno.test("a damaged overlay file in the store is written anew from the folder", async () => {
  using b = await built();
  const hex = digestOf(OVERLAY).slice("sha256:".length);
  damage(`${b.store}/blobs/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`, 0.5);
  const { code, err } = await b.again();
  assertEquals(code, 0);
  assertMatch(err, new RegExp(`warning: blob "sha256:${hex}" of the store was damaged`));
});

Deno.test("show-tree mends the store as well", async () => {
  using b = await built();
  const args = ["show-tree", "small.yaml", "--keys", "repository/keys", "--lock"];
  const lock = "out/small-x86_64.lock.json";
  const before = await b.program.run(...args, lock);
  for (const path of filesBelow(b.store)) if (path.includes("/blobs/")) removeTree(path);
  const after = await b.program.run(...args, lock);
  assertEquals([after.code, after.out], [0, before.out]);
});
