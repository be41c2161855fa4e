import { resolve } from "@std/path";
import { type Bundle, readBundle } from "../../../lib/bundle/reader.ts";
import type { Env } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import { exists, readText } from "../../../lib/files/files.ts";
import { openRegular } from "../../../lib/files/regular_file.ts";
import { imageSignersPath, type TowerPaths } from "../../../lib/fleet/paths.ts";
import { parseSigners } from "../../../lib/ssh_signature/allowed_signers.ts";
import type { PublicKey } from "../../../lib/ssh_signature/public_key.ts";
import { FILE_NAMESPACE } from "../../../lib/ssh_signature/signature.ts";

const SIGNERS_LIMIT = 1 << 20;

/** A bundle whose file stays open. */
export interface OpenBundle extends Bundle, Disposable {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
}

/** Opens a bundle. @param keys as of {@linkcode readBundle} */
export function openBundle(
  name: string,
  keys: readonly PublicKey[] | undefined,
  env: Env,
): OpenBundle {
  const path = resolve(env.cwd, name);
  using owned = new DisposableStack();
  const file = owned.use(openRegular(path));
  const bundle = readBundle(file, `"${path}"`, keys);
  const close = owned.move();
  return { ...bundle, path, size: file.size, [Symbol.dispose]: () => close.dispose() };
}

/**
 * The keys of which one must have signed a bundle: those of a file that is named, or those that sign images.
 * Undefined where there are none.
 */
export function bundleSigners(
  named: string | undefined,
  place: TowerPaths,
  env: Env,
): PublicKey[] | undefined {
  const known = imageSignersPath(place);
  const path = named === undefined ? known : resolve(env.cwd, named);
  if (named === undefined && !exists(known)) return undefined;
  return parseSigners(readText(path, SIGNERS_LIMIT), path, FILE_NAMESPACE);
}

/** @throws {TowerError} `untrusted` where nobody is trusted to sign a bundle */
export function requireSigners(keys: PublicKey[] | undefined, place: TowerPaths): PublicKey[] {
  if (keys !== undefined) return keys;
  throw new TowerError("untrusted", "Cannot trust a bundle: nobody is known who may sign one", {
    hint: `Put the signer's public key into ${imageSignersPath(place)}, or name it with --signers`,
  });
}
