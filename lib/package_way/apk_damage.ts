import type { Fact } from "../fleet/facts/fact.ts";
import { partsOf } from "../fleet/named_parts.ts";
import parts from "../fleet/scripts/parts.sh" with { type: "text" };
import script from "../fleet/scripts/apk_damage.sh" with { type: "text" };
import { TowerError } from "../errors.ts";

/** What an apk that was cut off left on a host. */
export interface ApkDamage {
  /** `name-version` of packages whose files are not those that were installed. */
  readonly broken: readonly string[];
  /** Paths of files that apk had not given their name yet. */
  readonly leftovers: readonly string[];
}

const LIMIT = 4 << 20;
const MOST_LINES = 20_000;

/** The damage of apk on a host; root's to tell. */
export const APK_DAMAGE: Fact<ApkDamage> = {
  name: "apk-damage",
  asking: (machine) => `audit the packages of "${machine}"`,
  script: `${parts}\n${script}`,
  // All files of all packages are read, on a small machine from a card.
  deadline: 600,
  limit: LIMIT,
  explains: false,
  parse: parseApkDamage,
};

/** Reads the answer, which may be a lie. @throws {TowerError} `malformed` */
export function parseApkDamage(bytes: Uint8Array): ApkDamage {
  const found = partsOf(new TextDecoder().decode(bytes), MOST_LINES);
  const linesOf = (name: string) => {
    const lines = found.get(name);
    if (lines !== undefined) return lines.filter((line) => line !== "");
    throw new TowerError(
      "malformed",
      `Cannot read the host's answer: its part "${name}" is missing`,
    );
  };
  return {
    broken: [...new Set([...linesOf("audit"), ...linesOf("flagged")])],
    leftovers: linesOf("leftovers"),
  };
}
