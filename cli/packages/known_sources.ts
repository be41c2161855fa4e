import { TowerError } from "../../lib/errors.ts";
import { readOwnIfThere } from "../../lib/files/own_file.ts";
import type { ApkState } from "../../lib/package_way/apk_state.ts";
import { sourcesText } from "../../lib/packages/package_check.ts";
import type { PackageMachine } from "./package_machine.ts";

/** Most bytes of the file that says where a machine's packages come from. */
const SOURCES_LIMIT = 1 << 20;

/**
 * What a host names as its repositories is asked for on the Internet: one that could name others
 * would speak to them by it.
 * @returns what keeps them, once the user has said yes or what is done was shown.
 * @throws {TowerError} `untrusted` where they are not those that were kept.
 */
export function requireKnownSources(
  state: ApkState,
  machine: PackageMachine,
  newSources: boolean,
): () => Promise<void> {
  const text = sourcesText(state);
  const kept = readOwnIfThere(`${machine.folder}/package_sources`, SOURCES_LIMIT);
  const known = kept === undefined ? undefined : new TextDecoder().decode(kept);
  if (known !== undefined && known !== text && !newSources) {
    throw new TowerError(
      "untrusted",
      `Cannot trust the repositories of "${machine.name}": they or its keys are not those of last time`,
      { hint: "Look at /etc/apk there; --new-sources takes them" },
    );
  }
  return () => machine.keep("package_sources", new TextEncoder().encode(text));
}
