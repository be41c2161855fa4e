import { join, resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { authorizedKeyFault } from "../../lib/ssh_signature/authorized_key.ts";
import { exists, readText } from "../../lib/files/files.ts";
import { writeNewFile } from "../../lib/files/new_text_file.ts";
import { manifestFiles } from "./inputs.ts";
import { loadManifest } from "../manifest/manifest.ts";
import { newManifest } from "../manifest/new_manifest.ts";

const KEY_LIMIT = 64 << 10;
/** Keys that ssh offers by itself (ssh(1), -i). */
const OWN_KEYS = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"];
/** What root logs in to; hosts of a tower let nobody in as root. */
const DEFAULT_BASE = "lab";

export interface NewRequest {
  readonly name: string;
  readonly from: string | undefined;
  /** File of the public key that logs in. */
  readonly key: string | undefined;
}

/** What `new` wrote. */
export interface NewSystem {
  readonly file: string;
  /** File of the key that logs in; undefined where there is none. */
  readonly key: string | undefined;
}

/**
 * Writes NAME.yaml into the working folder.
 * @throws {TowerError} `conflict` where it is there already; `usage`, `not-found`, `malformed`
 */
export function writeNewManifest({ name, from, key }: NewRequest, env: Env): NewSystem {
  const source = manifestFiles(env.cwd);
  const base = from ?? DEFAULT_BASE;
  const login = key !== undefined
    ? resolve(env.cwd, key)
    : from === undefined || from === DEFAULT_BASE
    ? ownKey(env)
    : undefined;
  const publicKey = login === undefined ? undefined : publicKeyIn(login);
  const text = newManifest({ name, base, publicKey, taken: source.systemNames() });
  loadManifest(base, source);
  const file = `${name}.yaml`;
  if (!writeNewFile(join(env.cwd, file), text)) {
    throw new TowerError("conflict", `Cannot write "${file}": it is there already`, {
      hint: "choose another name, or remove it first",
    });
  }
  return { file, key: login };
}

function ownKey({ home }: Env): string | undefined {
  return OWN_KEYS.map((name) => join(home, ".ssh", name)).find((path) =>
    exists(path) && authorizedKeyFault(readText(path, KEY_LIMIT).trim()) === undefined
  );
}

function publicKeyIn(path: string): string {
  if (!exists(path)) {
    throw new TowerError("not-found", `Cannot use key "${path}": there is no such file`, {
      hint: "ssh-keygen -t ed25519 -f my-key makes a pair: my-key.pub is the public one",
    });
  }
  const text = readText(path, KEY_LIMIT).trim();
  const fault = text.includes("PRIVATE KEY") ? "is a private one" : authorizedKeyFault(text);
  if (fault === undefined && !text.includes("\n")) return text;
  throw new TowerError(
    "malformed",
    `Cannot use key "${path}": it ${fault ?? "has several lines"}`,
    {
      hint: "name a public key, such as ~/.ssh/id_ed25519.pub",
    },
  );
}
