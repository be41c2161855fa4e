import { assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ownKey } from "../../../build/boot/own_key.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { BMAP_BLOCK, formatBmap } from "../../../lib/format/bmap.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { formatRecord } from "../../../lib/release/record.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const SIZE = 5 * BMAP_BLOCK - 100;
const image = Uint8Array.from({ length: SIZE }, (_, i) => (i >> 8) % 251);
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The map of an image that has data in its blocks 0, 1 and 4. */
function mapOf(image: Uint8Array): Uint8Array {
  const ranges = [[0, 1], [4, 4]].map(([first, last]) => {
    const bytes = image.subarray(first! * BMAP_BLOCK, (last! + 1) * BMAP_BLOCK);
    return { first: first!, last: last!, sha256: hexOf(digestOf(bytes)) };
  });
  return bytesOf(formatBmap(image.length, ranges));
}

function changed(at: number): Uint8Array {
  const other = image.slice();
  other[at]! ^= 1;
  return other;
}

interface Files {
  /** The file that has the image, as it is compressed. */
  readonly file: string;
  readonly packed: Uint8Array;
  readonly map: Uint8Array;
  readonly raw?: Uint8Array;
}

/** A build whose record and sums name each file by its digest, whatever is in it. */
function write(program: TestProgram, { file, packed, map, raw }: Files): void {
  const of = (bytes: Uint8Array) => ({ digest: digestOf(bytes), size: bytes.length });
  const record = bytesOf(formatRecord({
    ...{ version: 2, system: "a", arch: "x86_64", epoch: 1, packages: [], scripts: [] },
    ...{ plan: digestOf("plan"), lock: digestOf("lock") },
    builder: { name: "tower-build", version: "0" },
    artifacts: [{
      ...{ kind: "disk", file, mediaType: "application/vnd.efi.img", ...of(packed) },
      ...raw && { raw: of(raw), compression: { format: "gzip", tool: "a test" } },
    }],
    companions: [{ kind: "bmap", file: "a.img.bmap", of: file, ...of(map) }],
  }));
  const files = { [file]: packed, "a.img.bmap": map, "record.json": record };
  const sums = Object.entries(files).map(([name, bytes]) => `${hexOf(digestOf(bytes))}  ${name}\n`);
  Deno.mkdirSync(program.path("out"), { recursive: true });
  for (const [name, bytes] of Object.entries({ ...files, SHA256SUMS: bytesOf(sums.join("")) })) {
    Deno.writeFileSync(program.path(`out/${name}`), bytes);
  }
}

const map = mapOf(image);
const gz = { file: "a.img.gz", map };
const cases: [name: string, files: Files, by: string | undefined][] = [
  ["gzip", { ...gz, packed: gzipSync(image), raw: image }, undefined],
  ["zstd", { file: "a.img.zst", packed: zstdCompressSync(image), map, raw: image }, undefined],
  ["plain", { file: "a.img", packed: image, map }, undefined],
  ["no raw digest", { ...gz, packed: gzipSync(image) }, undefined],
  ["a mapped block", { ...gz, packed: gzipSync(changed(4097)), raw: changed(4097) }, "a.img.bmap"],
  ["the last byte", { ...gz, packed: gzipSync(changed(SIZE - 1)) }, "a.img.bmap"],
  ["plain, a block", { file: "a.img", packed: changed(0), map }, "a.img.bmap"],
  ["plain, its size", { file: "a.img", packed: image.subarray(0, -1), map }, "a.img.bmap"],
  ["fewer bytes", { ...gz, packed: gzipSync(image.subarray(0, -1)) }, "a.img.bmap"],
  ["more bytes", { ...gz, packed: gzipSync(Uint8Array.from([...image, 0])) }, "a.img.bmap"],
  ["no gzip", { ...gz, packed: image }, "a.img.bmap"],
  ["a hole", { ...gz, packed: gzipSync(changed(3 * BMAP_BLOCK)), raw: image }, "record.json"],
];

for (const [name, files, by] of cases) {
  Deno.test(`verify and sign read what is in an image: ${name}`, async () => {
    using program = new TestProgram();
    Object.assign(program.env, { runner: denoRunner() });
    write(program, files);
    const key = ownKey(program.path("key"), "a test");
    const verified = await program.run("verify", "out");
    const signed = await program.run("sign", "out", "--key", key.file);
    if (by === undefined) {
      assertEquals([verified.code, signed.code], [0, 0], verified.err + signed.err);
      return;
    }
    assertEquals([verified.code, signed.code], [1, 1], verified.out + signed.out);
    assertStringIncludes(verified.out, `${files.file}: not what ${by} says\na.img.bmap: ok\n`);
    for (const { err } of [verified, signed]) {
      assertStringIncludes(err, `Cannot trust "DIR/cwd/out": ${files.file} is not what ${by} says`);
    }
    assertEquals([...Deno.readDirSync(program.path("out"))].length, 4, "nothing was signed");
  });
}
