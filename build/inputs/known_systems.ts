import type { Env } from "../../lib/env.ts";
import { messagesOf, TowerError } from "../../lib/errors.ts";
import { manifestFiles } from "./inputs.ts";
import { loadManifest, type ManifestSource } from "../manifest/manifest.ts";

/** Something that `tower-build build` takes. */
export interface KnownSystem {
  /** As the command line has it: a system's name, or a file's. */
  readonly system: string;
  readonly arches: readonly string[];
  readonly description: string;
}

/** A file that means to be a manifest and is none. */
export interface BrokenSystem {
  readonly system: string;
  readonly error: TowerError;
}

/** The systems that the program ships, then the manifests of the working folder, each by name. */
export function knownSystems(
  env: Pick<Env, "cwd" | "explain">,
): { systems: KnownSystem[]; broken: BrokenSystem[] } {
  const source = manifestFiles(env.cwd);
  const systems = source.systemNames().toSorted().map((name) => described(name, source));
  const broken: BrokenSystem[] = [];
  for (const file of source.manifestNames()) {
    try {
      systems.push(described(file, source));
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      if (meansManifest(source, file)) broken.push({ system: file, error });
      else env.explain(`${file} is no manifest: ${messagesOf(error).join(": ")}`);
    }
  }
  return { systems, broken };
}

function described(system: string, source: ManifestSource): KnownSystem {
  const { arches, description } = loadManifest(system, source);
  return { system, arches, description };
}

/** Many programs have YAML files; a manifest has one of these fields at its outermost. */
function meansManifest(source: ManifestSource, file: string): boolean {
  try {
    return /^(\{.*)?["']?(stages|extends|outputs)["']?\s*:/m.test(source.readText(file));
  } catch {
    return false; // nor can it be read
  }
}
