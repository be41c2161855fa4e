import { join } from "@std/path";
import type { Env } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import { breathing } from "../../../lib/files/interruption.ts";
import type { Ending } from "../../../lib/program/ending.ts";
import { bundleJson, bundleText } from "../../render/bundle.ts";
import { bundleSigners, openBundle } from "./open_bundle.ts";

/** Checks every byte of a bundle, and tells what it has, for whom, and who signed it. */
export async function showBundle(
  name: string,
  { signers, json }: { readonly signers?: string; readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (json) ending.json = true;
  using bundle = openBundle(name, undefined, env);
  const breathe = breathing(env.signal);
  for (const file of bundle.files.keys()) {
    for (const _ of bundle.read(file)) await breathe();
  }
  const { path, size, signer, document, files } = bundle;
  const shown = {
    ...{ path, size, signer, document, isTrusted: isTrusted(name, signers, env) },
    files: Array.from(files, ([name, { size, digest }]) => ({ name, size, digest })),
  };
  env.stdout.write(json ? bundleJson(shown) : bundleText(shown));
}

/** Whether who signed it may; undefined where nobody is named who may. */
function isTrusted(name: string, signers: string | undefined, env: Env): boolean | undefined {
  const keys = bundleSigners(signers, { folder: join(env.home, ".local/tower") }, env);
  if (keys === undefined) return undefined;
  try {
    using _ = openBundle(name, keys, env);
    return true;
  } catch (error) {
    if (error instanceof TowerError && ["untrusted", "unsupported"].includes(error.code)) {
      return false;
    }
    throw error;
  }
}
