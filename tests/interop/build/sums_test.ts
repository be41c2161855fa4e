import { assertEquals } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { byteText, readSumsLines } from "../../../lib/release/sums_lines.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { type RandomNumbers, randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "sha256sum");
const CASES = Number(Deno.env.get("TOWER_FUZZ_CASES") ?? 300);
const SEED = 20_261_127;

const CONTENTS = { a: "one", "b c": "two", "d\\e": "three", " f": "four", "*g": "five", "h)": "" };
const hexes = Object.values(CONTENTS).map((text) => hexOf(digestOf(text)));

/** What sha256sum says of a list: its first line that is none, else each file with how it is. */
async function judged(folder: string, list: Uint8Array): Promise<number | string[]> {
  Deno.writeFileSync(`${folder}/list`, list);
  const { stdout, stderr } = await runner.run({
    argv: ["sha256sum", "--check", "--strict", "--warn", "list"],
    cwd: folder,
    variables: { LC_ALL: "C" },
    okCodes: [0, 1],
  });
  const bad = /: list: (\d+): improperly/.exec(byteText(stderr));
  if (bad) return Number(bad[1]);
  return byteText(stdout).split("\n").slice(0, -1).map(shown);
}

/** Versions of sha256sum differ in which names they escape as they tell of them. */
const shown = (line: string) =>
  line.replaceAll("\\", "").replaceAll("\n", "n").replaceAll("\r", "r");

/** The same by our reader. */
function read(list: Uint8Array): number | string[] {
  try {
    return readSumsLines(list, "list").map(({ name, hex }) => {
      const text = CONTENTS[name.replace(/^\.\//, "") as keyof typeof CONTENTS];
      const state = text === undefined
        ? "FAILED open or read"
        : hexOf(digestOf(text)) === hex
        ? "OK"
        : "FAILED";
      return shown(`${name}: ${state}`);
    });
  } catch (error) {
    if (error instanceof TowerError) return Number(/line (\d+) is no/.exec(error.message)![1]);
    throw error;
  }
}

/** A line of one of the forms, changed in places. */
function line(random: RandomNumbers): Uint8Array {
  const name = random.pick([...Object.keys(CONTENTS), "none", "./a", "\u00e9", "SHA256 (a)"]);
  const hex = random.pick([...hexes, hexes[0]!.toUpperCase()]);
  const escaped = name.replaceAll("\\", "\\\\");
  const text = random.pick([
    `${hex}  ${name}`,
    `${hex} *${name}`,
    `${hex}  ${name}`,
    `${hex} ${name}`,
    `SHA256 (${name}) = ${hex}`,
    `SHA256(${name})= ${hex}`,
    `\\${hex}  ${escaped}`,
    `\\SHA256 (${escaped}) = ${hex}`,
    `\\${hex}  a\\nb\\r`,
    `# ${name}`,
    "",
  ]);
  let bytes = new TextEncoder().encode(text);
  // Not 0: there our reader is the stricter one.
  const telling = [0x09, 0x0d, 0x20, 0x23, 0x28, 0x29, 0x2a, 0x3d, 0x5c, 0x61, 0x6e, 0x72, 0xff];
  for (let changes = random.pick([0, 0, 1, 2]); changes > 0; changes--) {
    // Mostly around digest and name, where forms differ.
    const at = random.pick([0, 0, 1, 64, 65, 66, 67, 68, bytes.length - 1, bytes.length]);
    const from = Math.max(0, Math.min(at, bytes.length)), put = [random.pick(telling)];
    const rest = bytes.subarray(random.below(2) === 0 ? from : Math.min(from + 1, bytes.length));
    bytes = concat([bytes.subarray(0, from), Uint8Array.from(put), rest]);
  }
  const end = random.pick(["\n", "\n", "\n", "\r\n"]);
  return concat([bytes, new TextEncoder().encode(end)]);
}

Deno.test({
  ...named(`sha256sum and we read the same in lists of every form (seed ${SEED})`, missing),
  async fn() {
    using folder = tempFolder();
    for (const [name, text] of Object.entries(CONTENTS)) {
      Deno.writeTextFileSync(`${folder.path}/${name}`, text);
    }
    const seen = { refused: 0, taken: 0 };
    for (let i = 0; i < CASES; i++) {
      const random = randomNumbers(SEED + i);
      const list = concat(Array.from({ length: 1 + random.below(3) }, () => line(random)));
      const cut = random.below(8) === 0 ? list.subarray(0, -1) : list;
      const ours = read(cut);
      seen[typeof ours === "number" ? "refused" : "taken"]++;
      const told = `seed ${SEED + i}: ${JSON.stringify(byteText(cut))}`;
      assertEquals(ours, await judged(folder.path, cut), told);
    }
    // Half of the lists are good ones: neither outcome is rare.
    assertEquals(Math.min(seen.refused, seen.taken) > CASES / 5, true, JSON.stringify(seen));
  },
});

Deno.test({
  ...named("what sha256sum writes is read, as it is and with --tag and --binary", missing),
  async fn() {
    using folder = tempFolder();
    const names = [...Object.keys(CONTENTS), "line\nbreak", "\u00e9"];
    for (const name of names) Deno.writeTextFileSync(`${folder.path}/${name}`, name);
    for (const option of ["--text", "--binary", "--tag"]) {
      const argv = ["sha256sum", option, "--", ...names] as [string, ...string[]];
      const { stdout } = await runner.run({ argv, cwd: folder.path });
      const read = readSumsLines(stdout, "list").map(({ name, hex }) => [name, hex]);
      const expected = names.map((name) => [
        byteText(new TextEncoder().encode(name)),
        hexOf(digestOf(name)),
      ]);
      assertEquals(read, expected, option);
    }
  },
});
