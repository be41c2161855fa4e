import { formatDependency, parseDependency } from "../apk/dependency.ts";
import { isInstalledName, parseIndex } from "../apk/index_text.ts";
import { loadTrustedKey } from "../apk/signature.ts";
import type { IndexedPackage, TrustedKey } from "../apk/types.ts";
import { isVersion } from "../apk/version.ts";
import { TowerError } from "../errors.ts";
import { parseRepository, type RepositorySpec } from "../packages/repositories.ts";
import { shownUrl } from "../report/shown_url.ts";
import { partsOf } from "../fleet/named_parts.ts";
import parts from "../fleet/scripts/parts.sh" with { type: "text" };
import script from "../fleet/scripts/apk_state.sh" with { type: "text" };
import type { Fact } from "../fleet/facts/fact.ts";

/** What apk on a host knows. */
export interface ApkState {
  /** apk's name of the architecture. */
  readonly arch: string;
  /** As apk writes it, in its order. */
  readonly world: readonly string[];
  readonly repositories: readonly RepositorySpec[];
  readonly installed: readonly IndexedPackage[];
  /** What the host trusts. */
  readonly keys: readonly TrustedKey[];
}

/** Most bytes of the answer: a host with 2000 packages has some 2 MB. */
const LIMIT = 16 << 20;
const MOST_LINES = 200_000;
const MOST_REPOSITORIES = 32;

/** The state of apk on a host; no root is needed. */
export const APK_STATE: Fact<ApkState> = {
  name: "apk",
  asking: (machine) => `read the packages of "${machine}"`,
  script: `${parts}\n${script}`,
  deadline: 30,
  limit: LIMIT,
  explains: false,
  parse: parseApkState,
};

/**
 * Reads the answer. All of it may be a lie: it decides what its own host is offered, and nothing else.
 * @throws {TowerError} `malformed`; `unsupported` of a machine without apk
 */
export function parseApkState(bytes: Uint8Array): ApkState {
  const refuse = (cause: string) =>
    new TowerError("malformed", `Cannot read the host's answer: ${cause}`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("it is no UTF-8 text");
  }
  const found = partsOf(text, MOST_LINES);
  const linesOf = (name: string) => {
    const lines = found.get(name);
    if (lines === undefined) throw refuse(`it has no ${name}`);
    return lines;
  };
  const [arch = ""] = linesOf("arch");
  if (arch === "") {
    throw new TowerError("unsupported", "Cannot read the machine's answer: it has no apk", {
      hint: "Packages are Alpine's alone here; other systems have package managers of their own",
    });
  }
  if (!/^[a-z0-9_]{2,20}$/.test(arch)) throw refuse("its architecture is none of apk's");
  const world = linesOf("world").join(" ").split(/\s+/).filter((item) => item !== "");
  const repositories = linesOf("repositories").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (repositories.length > MOST_REPOSITORIES) {
    throw refuse(`it has more than ${MOST_REPOSITORIES} repositories`);
  }
  const installed = parseIndex(`${linesOf("installed").join("\n")}\n`, isInstalledName);
  if (!installed.every(({ version }) => isVersion(version))) {
    throw refuse("a version of an installed package is none");
  }
  return {
    arch,
    world: world.map((item) => formatDependency(parseDependency(item))),
    repositories: repositories.map(repositoryOf),
    installed,
    keys: keysOf(linesOf("keys")),
  };
}

/** What stands behind a `?` or `#` would not be asked for: apk puts the file's name behind that. */
function repositoryOf(line: string): RepositorySpec {
  try {
    const spec = parseRepository(line);
    if (spec.url.startsWith("/") || URL.canParse(spec.url) && !/[?#]/.test(spec.url)) return spec;
  } catch {
    // Its words are for who types one: this one is the host's.
  }
  const shown = shownUrl(line.slice(0, 200));
  throw new TowerError("malformed", `Cannot use repository "${shown}": it is no plain URL`);
}

function keysOf(lines: readonly string[]): TrustedKey[] {
  const keys = new Map<string, string>();
  let name = "";
  for (const line of lines) {
    if (line.startsWith("@")) keys.set(name = line.slice(1), "");
    else if (line !== "") keys.set(name, `${keys.get(name) ?? ""}${line}\n`);
  }
  return [...keys].map(([name, pem]) => loadTrustedKey(name, pem));
}
