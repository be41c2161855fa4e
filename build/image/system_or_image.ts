import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { manifestFiles } from "../inputs/inputs.ts";
import { imageAddress } from "./opened_image.ts";

/**
 * Whether an argument names a system, and not an image: a name that Tower ships (a file of that name
 * is `./lab`), a manifest by its suffix, and a word that is no file.
 */
export function isSystem(asked: string, env: Pick<Env, "cwd">): boolean {
  if (/\.ya?ml$/.test(asked) || manifestFiles(env.cwd).systemNames().includes(asked)) return true;
  try {
    imageAddress(asked, env);
    return false;
  } catch (error) {
    if (error instanceof TowerError && error.code === "not-found") return /^[\w-]+$/.test(asked);
    throw error;
  }
}
