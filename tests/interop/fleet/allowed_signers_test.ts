import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { parseSigners } from "../../../lib/ssh_signature/allowed_signers.ts";
import { FILE_NAMESPACE, verifyMessage } from "../../../lib/ssh_signature/signature.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const SEED = 20260726;
const CASES = 400;
const MESSAGE = new TextEncoder().encode("digest  file\n");

const PRINCIPALS = ["alice", "*", "bob,alice", "a?ice", "bob,*", "alice,", "!bob,alice", "ALICE,*"];
const NOBODY = ["!*,alice", "alice,!alice", "al*,!al*", "*,!*"];
const OPTIONS = [
  'namespaces="file"',
  'namespaces="git"',
  'NameSpaces="file"',
  'namespaces="fi*,git"',
  'namespaces="!file,*"',
  'namespaces="*"',
  'namespaces=""',
  'namespaces="a b,file"',
  'namespaces="a\\",file"',
  "namespaces=file",
  "namespaces=git",
  'namespaces="file',
  'namespaces=file"',
  "namespaces",
  "restrict",
  "no-pty",
  'from="10.0.0.1"',
  "",
  '"',
  'namespaces="file"x',
  `namespaces="${"x".repeat(1022)},file"`,
  `namespaces="${"x".repeat(1023)},file"`,
  `namespaces="${"\u00e9".repeat(512)},file"`,
  `namespaces="file,!${"x".repeat(2000)}"`,
];
const BLANKS = [" ", "  ", "\t", " \t "];

/** A line of an allowed_signers file, now and then a good one. */
function line(random: ReturnType<typeof randomNumbers>, key: string): string {
  const blank = () => random.pick(BLANKS);
  const options = Array.from({ length: random.below(3) }, () => random.pick(OPTIONS)).join(",");
  const [type, base64] = key.split(" ") as [string, string];
  const changed = random.below(8) === 0
    ? random.pick([`${type}${base64}`, `ssh-rsa ${base64}`, type, base64, `${type} ${base64}=`])
    : `${type}${blank()}${base64}${random.pick(["", " me", "\tme me"])}`;
  const whose = random.pick(random.below(8) === 0 ? NOBODY : PRINCIPALS);
  const before = options === "" ? "" : `${options}${blank()}`;
  return `${random.pick(["", blank()])}${whose}${blank()}${before}${changed}`;
}

function isTaken(text: string, signature: string): boolean {
  try {
    const keys = parseSigners(text, "signers", FILE_NAMESPACE);
    verifyMessage(signature, "it", MESSAGE, { namespace: FILE_NAMESPACE, keys });
    return true;
  } catch (error) {
    assert(error instanceof TowerError, `${error}`);
    return false;
  }
}

Deno.test({
  ...named(
    "no line of allowed signers is taken that ssh-keygen refuses, and few that it takes are not",
    programsMissing(runner, "ssh-keygen"),
  ),
  async fn() {
    using folder = tempFolder();
    const [key, file, signed] = ["key", "signers", "file"].map((name) =>
      join(folder.path, name)
    ) as [string, string, string];
    await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key] });
    Deno.writeFileSync(signed, MESSAGE);
    await runner.run({ argv: ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, signed] });
    const signature = `${signed}.sig`;
    const text = Deno.readTextFileSync(signature);
    const publicKey = Deno.readTextFileSync(`${key}.pub`).trim();
    const random = randomNumbers(SEED);
    let [taken, refused] = [0, 0];
    for (let i = 0; i < CASES; i++) {
      const signers = `${line(random, publicKey)}\n`;
      Deno.writeTextFileSync(file, signers);
      const { ending } = await runner.run({
        argv: [
          ...["ssh-keygen", "-Y", "verify", "-n", "file", "-I", "alice", "-f", file],
          ...["-s", signature],
        ] as unknown as [string, ...string[]],
        stdin: MESSAGE,
        okCodes: [0, 255],
      });
      const isGood = ending.kind === "exited" && ending.code === 0;
      assertEquals(isTaken(signers, text), isGood, `seed ${SEED}, case ${i}: ${signers}`);
      if (isGood) taken++;
      else refused++;
    }
    assert(taken > CASES / 10 && refused > CASES / 10, `${taken} taken, ${refused} refused`);
  },
});
