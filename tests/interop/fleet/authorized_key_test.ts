import { assertEquals } from "@std/assert";
import { authorizedKeyFault } from "../../../lib/ssh_signature/authorized_key.ts";
import { sshString } from "../../../lib/ssh_signature/wire.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const SEED = 20261126;
const KINDS = [
  ["ed25519"],
  ["rsa", "-b", "1024"],
  ["rsa", "-b", "2048"],
  ["ecdsa", "-b", "256"],
  ["ecdsa", "-b", "384"],
  ["ecdsa", "-b", "521"],
];

async function keygen(...args: string[]): Promise<boolean> {
  const command = new Deno.Command("ssh-keygen", { args, stdout: "null", stderr: "null" });
  return (await command.output()).success;
}

/** Keys as ssh-keygen makes them, and as a token would without having one. */
async function keysIn(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const [i, [type, ...bits]] of KINDS.entries()) {
    const file = `${folder}/key${i}`;
    await keygen("-q", "-t", type!, ...bits, "-N", "", "-C", "a b", "-f", file);
    lines.push(Deno.readTextFileSync(`${file}.pub`).trim());
  }
  const token = (type: string, ...parts: (Uint8Array | string)[]) =>
    `${type} ${concat([type, ...parts, "ssh:"].map(sshString)).toBase64()} token`;
  const ecdsa = Uint8Array.fromBase64(lines[3]!.split(" ")[1]!);
  lines.push(
    token("sk-ssh-ed25519@openssh.com", new Uint8Array(32).fill(9)),
    token("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", ecdsa.slice(-65)),
  );
  return lines;
}

Deno.test("ssh-keygen reads the authorized keys that are taken here, and no others", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const keys = await keysIn(folder);
    const { below, pick } = randomNumbers(SEED);
    const mutated = (line: string): string => {
      const [type, base64] = line.split(" ") as [string, string];
      const blob = Uint8Array.fromBase64(base64);
      switch (below(7)) {
        case 0:
          return `${type} ${blob.slice(0, below(blob.length)).toBase64()}`;
        case 1:
          blob[below(blob.length)]! ^= 1 << below(8);
          return `${type} ${blob.toBase64()} c`;
        case 2:
          return `${type} ${concat([blob, new Uint8Array(1 + below(3))]).toBase64()}`;
        case 3:
          return `${type} ${base64.slice(0, below(base64.length))}`;
        case 4:
          return `${pick(keys).split(" ")[0]} ${base64}`;
        case 5: {
          const at = below(base64.length);
          return `${type} ${base64.slice(0, at)}${pick([..."-_=.*"])}${base64.slice(at + 1)}`;
        }
        default:
          return `${pick(["", "  "])}${type}${pick([" ", "  ", "\t"])}${base64}`;
      }
    };
    const file = `${folder}/line`;
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const line = i < keys.length ? keys[i]! : mutated(pick(keys));
      Deno.writeTextFileSync(file, `${line}\n`);
      const fault = authorizedKeyFault(line);
      const judged = await keygen("-l", "-f", file);
      assertEquals(fault === undefined, judged, `seed ${SEED}, line ${i}: ${line}: ${fault}`);
      if (!judged) refused++;
    }
    assertEquals(refused > 50 && refused < 190, true, `${refused} refused`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
