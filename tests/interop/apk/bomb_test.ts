import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { identityOf } from "../../../lib/apk/identity.ts";
import { INDEX_LIMIT, readIndexArchive } from "../../../lib/apk/index_archive.ts";
import { readPackage } from "../../../lib/apk/package_reader.ts";
import { packSignature, tarFile } from "../../../lib/apk/package_writer.ts";
import { imagePieces, unpackImage } from "../../../lib/disk/packed_image.ts";
import { TowerError } from "../../../lib/errors.ts";
import { unpackModule } from "../../../lib/kmod/compression.ts";
import { concat, memorySource } from "../../../lib/bytes/bytes.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { openStore } from "../../../lib/store/content_store.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { fetchPackage } from "../../../lib/packages/package_load.ts";
import { createFetcher } from "../../../lib/fetch/fetcher.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";

const runner = denoRunner();
const { signal } = new AbortController();
const missing = programsMissing(runner, "gzip", "zstd", "xz");
const note = missing ? ` (skipped: ${missing})` : "";

/** One gzip member, as fast as it comes: what makes a bomb is no matter. */
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
/** What a bomb expands to: more than any bound below, in a file of some KiB. */
const SIZE = 320 << 20;
/** Most that reading one may add to this process' memory. */
const MEMORY = 256 << 20;

async function bomb(folder: string, format: "gzip" | "zstd" | "xz", size = SIZE) {
  // Not zeros: those become holes and fill no disk.
  const script = `head -c ${size} /dev/zero | tr '\\0' 'x' | ${format} -1 -c`;
  const { stdout } = await runner.run({ argv: ["sh", "-c", script] });
  const suffix = { gzip: ".gz", zstd: ".zst", xz: ".xz" }[format];
  const path = join(folder, `disk.img${suffix}`);
  Deno.writeFileSync(path, stdout);
  return path;
}

/** Does what must be refused; its error, once memory and disk are found as they were. */
async function refused(
  folder: string,
  work: () => unknown,
  most = MEMORY,
): Promise<TowerError> {
  const before = Deno.memoryUsage().rss;
  const files = [...Deno.readDirSync(folder)].map((e) => e.name);
  const error = await assertRejects(async () => await work(), TowerError);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < most, `${grown >> 20} MiB more`);
  assertEquals([...Deno.readDirSync(folder)].map((e) => e.name), files);
  return error;
}

for (const format of ["gzip", "zstd", "xz"] as const) {
  Deno.test({
    name: `an image of ${format} that expands hugely fills neither disk nor memory${note}`,
    ignore: missing !== undefined,
    async fn() {
      using folder = tempDir();
      const path = await bomb(folder.path, format);
      const target = join(folder.path, "raw");
      const error = await refused(
        folder.path,
        () => unpackImage(path, target, runner, signal),
      );
      assertEquals(error.code, "limit");
      const counted = await refused(folder.path, async () => {
        for await (const _ of imagePieces(path, runner, signal, 64 << 20));
      });
      assertEquals(counted.code, "limit");
    },
  });
}

Deno.test({
  name: `an image of xz that asks for gigabytes of memory is refused${note}`,
  ignore: missing !== undefined,
  async fn() {
    using folder = tempDir();
    const path = join(folder.path, "disk.img.xz");
    const { stdout } = await runner.run({
      argv: ["xz", "--lzma2=dict=1GiB", "-c"],
      stdin: new Uint8Array(1000),
    });
    // A file's header tells the dictionary it was asked to be unpacked with.
    Deno.writeFileSync(path, stdout);
    const error = await refused(folder.path, async () => {
      for await (const _ of imagePieces(path, runner, signal));
    });
    assertEquals(error.code, "malformed");
  },
});

Deno.test("a package whose members expand hugely is refused before the disk is full", async () => {
  using folder = tempDir();
  const cases = {
    control: gzip(tarFile(".PKGINFO", new Uint8Array(320 << 20), 0o644, 0)),
    signature: gzip(tarFile(".SIGN.RSA.x.pub", new Uint8Array(320 << 20), 0o644, 0)),
  };
  using store = openStore(join(folder.path, "store"));
  for (const [name, member] of Object.entries(cases)) {
    const path = join(folder.path, `${name}.apk`);
    Deno.writeFileSync(path, concat([packSignature(member, TEST_KEY.secret, 0), member]));
    const { size } = Deno.statSync(path);
    const expect = { identity: identityOf(member, "Q1"), name, version: "1", size };
    const source = {
      store,
      keys: [TEST_KEY.trusted],
      fetcher: createFetcher({ offline: true }),
    };
    const error = await refused(
      folder.path,
      () => fetchPackage({ url: path, expect }, source, () => {}),
    );
    assertEquals(error.code, "limit", name);
  }
  async function* data() {
    const control = gzip(
      tarFile(
        ".PKGINFO",
        new TextEncoder().encode(
          `pkgname = a\npkgver = 1\narch = x86_64\ndatahash = ${"0".repeat(64)}\n`,
        ),
        0o644,
        0,
      ),
    );
    yield packSignature(control, TEST_KEY.secret, 0);
    yield control;
    yield gzip(tarFile("a", new Uint8Array(320 << 20), 0o644, 0));
  }
  const limits = { file: 1 << 30, control: 1 << 20, data: 64 << 20, entries: 10, header: 1 << 20 };
  const error = await refused(
    folder.path,
    () => readPackage(data(), { keys: [TEST_KEY.trusted], data: store.writer(), limits }),
  );
  assertEquals(error.code, "limit");
});

Deno.test("an index that expands hugely is refused, signed or not", async () => {
  using folder = tempDir();
  // A GiB, of which no more is held than an index may have.
  const piece = gzip(tarFile("APKINDEX", new Uint8Array(16 << 20), 0o644, 0));
  const member = concat(new Array(64).fill(piece));
  const signed = concat([packSignature(member, TEST_KEY.secret, 0), member]);
  const keys = [TEST_KEY.trusted];
  const most = INDEX_LIMIT + MEMORY;
  const large = await refused(folder.path, () => readIndexArchive(signed, keys), most);
  assertEquals(large.code, "limit");
  const unsigned = await refused(folder.path, () => readIndexArchive(member, keys), most);
  assertEquals(unsigned.code, "untrusted");
});

Deno.test({
  name: `a kernel module that expands hugely is refused${note}`,
  ignore: missing !== undefined,
  async fn() {
    using folder = tempDir();
    for (const format of ["gzip", "zstd"] as const) {
      const bytes = Deno.readFileSync(await bomb(folder.path, format));
      const error = await refused(
        folder.path,
        () => unpackModule(memorySource(bytes), format),
      );
      assert(["limit", "malformed"].includes(error.code));
    }
  },
});
