import { parseRepository, type RepositorySpec } from "../../lib/packages/repositories.ts";
import { IS_FROM_SOURCES, labHint } from "./lab_hint.ts";

/** The name that stands for the repository which `deno task lab` makes. */
export const LAB = "lab";

/**
 * A repository as manifests and command lines name it.
 *
 * @param labFolder Where the lab repository lies.
 * @throws {TowerError} as `parseRepository` does.
 */
export function repositoryOf(text: string, labFolder: string): RepositorySpec {
  const repository = parseRepository(text, { [LAB]: labFolder });
  const mend = repository.name === LAB ? labHint() : otherHint();
  return { ...repository, mend };
}

function otherHint(): string {
  const hint = "check the URL and the network";
  return IS_FROM_SOURCES
    ? `${hint}; without a mirror, "--repository ${LAB}" builds from packages of this machine's ` +
      "distribution (deno task lab)"
    : hint;
}
