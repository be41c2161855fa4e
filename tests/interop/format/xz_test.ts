import { assert, assertEquals } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { unpackXz } from "../../../lib/format/xz/unpack_xz.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { FUZZ_CASES, fuzzImage } from "../../support/format/image_fuzz.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "xz");

async function xz(bytes: Uint8Array, ...options: readonly string[]): Promise<Uint8Array> {
  const { stdout } = await runner.run({ argv: ["xz", "-c", ...options], stdin: bytes });
  return stdout;
}

/** Text, runs, noise and what looks like branches of each processor. */
function sample(): Uint8Array {
  const random = randomNumbers(7);
  const words = [0xe8, 0xe9, 0xeb, 0x94, 0xf0, 0xf8, 0x90, 0, 0xff, 0x25];
  return Uint8Array.from({ length: 120_000 }, (_, i) => {
    if (i < 30_000) return 97 + (i * i >> 6) % 20;
    if (i < 50_000) return 0;
    if (i < 60_000) return random.below(256);
    return random.below(3) === 0
      ? random.pick(words)
      : random.below(4) === 0
      ? random.below(256)
      : 0;
  });
}

const OPTIONS = [
  ...["-0", "-6", "-9e", "--check=none", "--check=crc64", "--check=sha256"],
  ...["--block-size=50000", "--lzma2=lc=0,lp=4,pb=0", "--lzma2=lc=4,lp=0,pb=4"],
  ...["--x86", "--arm", "--armthumb", "--arm64", "--x86=start=4096"],
];

Deno.test({
  ...named("what xz compresses is read, with any filter of a processor that Alpine has", missing),
  async fn() {
    const bytes = sample();
    for (const option of OPTIONS) {
      const isFilter = /^--(x86|arm)/.test(option);
      const packed = await xz(bytes, "--check=crc32", option, ...isFilter ? ["--lzma2"] : []);
      assertEquals(unpackXz(packed, bytes.length), bytes, option);
    }
    assertEquals(unpackXz(await xz(new Uint8Array()), 0).length, 0);
    // A filter that is not known, and a limit, are refused.
    for (
      const [packed, limit] of [
        [await xz(bytes, "--delta", "--lzma2"), bytes.length],
        [await xz(bytes), bytes.length - 1],
      ] as const
    ) {
      let error: unknown;
      try {
        unpackXz(packed, limit);
      } catch (e) {
        error = e;
      }
      assert(error instanceof TowerError && error.code === "malformed");
    }
  },
});

Deno.test({
  ...named(`${FUZZ_CASES} changed streams of xz are read or refused`, missing),
  async fn() {
    const small = sample().filter((_, i) => i % 40 === 0);
    const packed = await xz(small, "--check=none", "--x86", "--lzma2");
    const read = (bytes: Uint8Array) => void unpackXz(bytes, 2 * small.length);
    await fuzzImage(packed, read, { cases: FUZZ_CASES, head: [0, 40] });
  },
});
