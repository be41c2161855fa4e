import { join } from "@std/path";
import { alpineOracle, type Oracle } from "./alpine_oracle.ts";
import { TEST_KEY } from "./test_keys.ts";

/**
 * Defines a test that asks real apk, which takes packages that tests sign.
 * @param missing Why it cannot run here.
 */
export function oracleTest(
  name: string,
  missing: string | undefined,
  fn: (oracle: Oracle) => Promise<void>,
): void {
  Deno.test({
    name: name + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    async fn() {
      const found = await alpineOracle();
      if ("skip" in found) throw new Error(found.skip);
      await using oracle = found;
      await Deno.writeTextFile(join(oracle.keys, TEST_KEY.trusted.name), TEST_KEY.trusted.pem);
      await fn(oracle);
    },
  });
}
