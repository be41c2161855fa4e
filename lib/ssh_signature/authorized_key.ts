import { concat } from "../bytes/bytes.ts";
import { keyObject } from "./public_key.ts";
import { sshString, WireReader } from "./wire.ts";

/** Key types that sshd takes (sshd(8), AUTHORIZED_KEYS FILE FORMAT), each with its curve. */
const TYPES: Readonly<Record<string, string | undefined>> = {
  "ssh-ed25519": undefined,
  "ssh-rsa": undefined,
  "ecdsa-sha2-nistp256": "nistp256",
  "ecdsa-sha2-nistp384": "nistp384",
  "ecdsa-sha2-nistp521": "nistp521",
  "sk-ssh-ed25519@openssh.com": undefined,
  "sk-ecdsa-sha2-nistp256@openssh.com": "nistp256",
};
/** What OpenSSH takes of RSA moduli: SSH_RSA_MINIMUM_MODULUS_SIZE, SSHBUF_MAX_BIGNUM. */
const RSA_BITS = { least: 1024, most: 16384 };

const FLAGS = [
  "agent-forwarding",
  "port-forwarding",
  "pty",
  "touch-required",
  "user-rc",
  "verify-required",
  "x11-forwarding",
];
/** Options without a value. */
const BARE = new Set([
  "cert-authority",
  "restrict",
  ...FLAGS.flatMap((flag) => [flag, `no-${flag}`]),
]);
/** Options with a value in double quotes; those of `once` may not come twice. */
const VALUED: Readonly<Record<string, { readonly form: RegExp; readonly once?: true }>> = {
  command: { form: /^[^]*$/, once: true },
  environment: { form: /^[A-Za-z_][A-Za-z0-9_]*=/ },
  "expiry-time": { form: /^\d{8}(\d{4}(\d{2})?)?Z?$/ },
  from: { form: /./, once: true },
  permitlisten: { form: /^([^\s]+:)?(\*|\d{1,5})$/ },
  permitopen: { form: /^[^\s]+:(\*|\d{1,5})$/ },
  principals: { form: /./, once: true },
  tunnel: { form: /^(any|\d{1,9})$/, once: true },
};

/**
 * Why sshd would not take a line of authorized_keys, or undefined where it does: options, a type,
 * the key in base64 whose content is of that type, a comment (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 */
export function authorizedKeyFault(line: string): string | undefined {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return "has no key";
  const words = wordsOf(text);
  if (!words.some(isType)) return "has no type of key, such as ssh-ed25519";
  if (isType(words[0])) return keyFault(words[0]!, words[1]);
  const options = optionsIn(text);
  if (typeof options === "string") return options;
  const [type, blob] = wordsOf(text.slice(options.length).trimStart());
  if (!isType(type)) return "has something other than a key behind its options";
  return options.fault ?? keyFault(type!, blob);
}

function wordsOf(text: string): string[] {
  return text.split(/[ \t]+/);
}

/** Whether a word stands where types do, taken by sshd or not. */
function isType(word: string | undefined): boolean {
  return word !== undefined && /^(sk-|webauthn-)?(ssh|ecdsa|rsa)-[a-z0-9-]+(@[a-z.]+)?$/.test(word);
}

function keyFault(type: string, base64: string | undefined): string | undefined {
  if (type.includes("-cert-")) {
    return "is a certificate: sshd wants the key of its authority here, behind cert-authority";
  }
  if (!Object.hasOwn(TYPES, type)) return `has a key of type "${type}", which sshd does not take`;
  if (base64 === undefined) return `has no key behind "${type}"`;
  if (/…|\.\.\./.test(base64)) {
    return "has dots where a key belongs: put the line of your own ~/.ssh/id_ed25519.pub there";
  }
  const blob = blobOf(base64);
  if (blob === undefined) return "has a key that is not whole: it is no base64";
  try {
    const reader = new WireReader(blob);
    const inner = reader.text();
    if (inner !== type) return `says "${type}", but the key is of type "${inner.slice(0, 64)}"`;
    const fault = contentFault(type, reader);
    if (fault !== undefined) return fault;
    return reader.atEnd ? undefined : "has a key with more bytes than its type has";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `has a key that is not whole: ${error.message}`;
  }
}

/** As OpenSSH decodes it: padded, no other alphabet, no bits left over. */
function blobOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

/** @throws {RangeError} where the bytes end too early */
function contentFault(type: string, reader: WireReader): string | undefined {
  const isOnToken = type.startsWith("sk-");
  const curve = TYPES[type];
  let fault: string | undefined;
  if (type === "ssh-rsa") fault = rsaFault(reader);
  else if (curve !== undefined) fault = pointFault(curve, reader);
  else if (reader.string().length !== 32) fault = "has an ed25519 key that has not 32 bytes";
  if (isOnToken) reader.string(); // the application
  return fault;
}

function rsaFault(reader: WireReader): string | undefined {
  const numbers = [reader.string(), reader.string()];
  if (numbers.some((number) => number.length === 0 || number[0]! >= 0x80)) {
    return "has an RSA key with a number that is not positive";
  }
  const bits = bitLength(numbers[1]!);
  const { least, most } = RSA_BITS;
  if (bits >= least && bits <= most) return undefined;
  return `has an RSA key of ${bits} bits: sshd takes ${least} to ${most}`;
}

function bitLength(number: Uint8Array): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24;
}

function pointFault(curve: string, reader: WireReader): string | undefined {
  const name = reader.text();
  if (name !== curve) return `has a key on the curve "${name.slice(0, 64)}" instead of "${curve}"`;
  const type = `ecdsa-sha2-${curve}`;
  try {
    keyObject({ type, blob: concat([type, curve, reader.string()].map(sshString)) });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return `has a key that is no point of the curve "${curve}"`;
  }
}

/** The options in front of a key: how long they are, and what is wrong with them. */
function optionsIn(text: string): { length: number; fault?: string } | string {
  const seen = new Set<string>();
  let fault: string | undefined;
  let at = 0;
  const option = /([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?(?=([,\s]|$))/y;
  for (;;) {
    option.lastIndex = at;
    const match = option.exec(text);
    if (!match) {
      return `has options that end nowhere: "${
        text.slice(at, at + 40)
      }"; values stand in double quotes`;
    }
    const [whole, name, value, end] = match;
    fault ??= optionFault(name!.toLowerCase(), value, seen);
    at += whole.length;
    if (end !== ",") return { length: at, ...(fault === undefined ? {} : { fault }) };
    at++;
  }
}

function optionFault(
  name: string,
  value: string | undefined,
  seen: Set<string>,
): string | undefined {
  if (value === undefined) {
    if (BARE.has(name)) return undefined;
    return Object.hasOwn(VALUED, name)
      ? `has the option "${name}" without a value in double quotes`
      : `has the option "${name}", which sshd does not know`;
  }
  const rule = Object.hasOwn(VALUED, name) ? VALUED[name]! : undefined;
  if (rule === undefined) return `has the option "${name}", which sshd does not know with a value`;
  if (rule.once && seen.has(name)) return `has the option "${name}" twice`;
  seen.add(name);
  return rule.form.test(value) ? undefined : `has the option "${name}" with a value that is none`;
}
