import { assertEquals, assertGreater } from "@std/assert";
import { readScript, type Script } from "../../lib/apk/scripts/shell_subset.ts";
import { alpineOracle, oracleMissing } from "../support/alpine_oracle.ts";
import { randomNumbers } from "../support/random_numbers.ts";

const missing = oracleMissing();
const SEED = 20240906;
const CASES = 10_000;

/** Pieces of scripts: what the subset knows, and what it must not take for something else. */
const PIECES = [
  ..."p |p |p |p |yes|no|no |a|b c| |  |\t|'d e'|\"f\"|''|\"\"|x=y|-S|/a/b.c|@%+,:|2".split("|"),
  ..."\n|\n|\n\n|;|#|# c\n|\\\n|\\|$x|$|`|*|?|[a]|~|!|{|}|(|)|<|>|'|\"|\r|é".split("|"),
  ..." && , || ,&&,||,|,&, 2>/dev/null, >/dev/null 2>&1,>&2, 2>&1,>/dev/null,2>/dev/nul".split(","),
];

/** What the script prints when `p` prints its arguments, `yes` succeeds and `no` fails. */
function expected(script: Script): string | undefined {
  let out = "", failed = false;
  for (const list of script.lists) {
    for (const { argv: [name, ...args], after } of list) {
      if (after !== "always" && (after === "success") === failed) continue;
      if (!["p", "yes", "no"].includes(name)) return undefined;
      if (name === "p") out += `p${args.map((arg) => `<${arg}>`).join("")}\n`;
      failed = name === "no";
    }
  }
  return out;
}

Deno.test({
  name: "what the shell subset understands, real busybox sh understands the same way" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    const oracle = await alpineOracle();
    if ("skip" in oracle) throw new Error(oracle.skip);
    await using owned = oracle;
    const random = randomNumbers(SEED);
    const cases: { body: string; output: string }[] = [];
    for (let i = 0; i < CASES; i++) {
      const length = 1 + random.below(9);
      const pieces = Array.from({ length }, () => PIECES[random.below(PIECES.length)]!);
      const body = `p ${pieces.join("")}`;
      const script = readScript(`#!/bin/sh\n${body}`);
      const output = script && expected(script);
      if (output !== undefined && output !== "") cases.push({ body, output });
    }
    assertGreater(cases.length, 1000, `seed ${SEED}`);
    // The functions write to a saved descriptor: redirection does not hide what a script does.
    const head = "exec 9>&1\nyes() { :; }\nno() { return 1; }\n" +
      `p() { { printf p; for i in "$@"; do printf '<%s>' "$i"; done; echo; } >&9; }\n`;
    const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    const all = cases.map(({ body }, i) => `echo "= ${i}" >&9\neval ${quoted(body)}\n`).join("");
    const result = await owned.run("bin/busybox", ["sh", "-c", head + all]);
    const outputs = result.stdout.split(/^= \d+\n/m).slice(1);
    for (const [i, { body, output }] of cases.entries()) {
      assertEquals(outputs[i], output, `seed ${SEED}: ${JSON.stringify(body)}`);
    }
  },
});
