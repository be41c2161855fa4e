import { unzstd } from "../../../lib/format/unzstd.ts";
import { openZstd } from "../../../lib/format/zstd.ts";
import { FUZZ_CASES, fuzzImage } from "../../support/format/image_fuzz.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

/** Each frame has a window of its own, which takes most of the time. */
const CASES = Math.round(FUZZ_CASES / 10);

async function readAll(bytes: Uint8Array): Promise<void> {
  async function* chunks() {
    yield bytes;
  }
  for await (const _ of unzstd(chunks()));
}

Deno.test(`${CASES} changed frames of zstd are read or refused, none of them for seconds`, async () => {
  const random = randomNumbers(3);
  const text = Uint8Array.from(
    { length: 6000 },
    (_, i) => i % 11 === 0 ? random.below(256) : 97 + (i >> 3) % 19,
  );
  const packed = await openZstd("wasm", 19)(text);
  // Contents may be others without being refused: frames have no checksum here.
  await fuzzImage(packed, readAll, { cases: CASES, head: [0, 60], leastRefused: 0.2 });
});
