import { TowerError } from "../../lib/errors.ts";

/** What a new manifest begins with. */
export interface NewManifest {
  readonly name: string;
  /** A system's name, or the path of a manifest, that it adds to. */
  readonly base: string;
  /** The line of a public key that logs in as root; without one that part is a comment. */
  readonly publicKey: string | undefined;
  /** Names that systems have already. */
  readonly taken: readonly string[];
}

/** A line that stands where a key of the user's own belongs. */
const NO_KEY = "ssh-ed25519 AAAA... the line of your own ~/.ssh/id_ed25519.pub";

/**
 * The text of a manifest that builds as it is, with comments that say what else there is. Texts
 * from outside are written as JSON, which is YAML.
 *
 * @throws {TowerError} `usage` for a name that no manifest can have
 */
export function newManifest({ name, base, publicKey, taken }: NewManifest): string {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    throw new TowerError(
      "usage",
      `Cannot name a system "${name}": it must be a-z, 0-9 and -, and start with a letter`,
      /\.ya?ml$/.test(name) ? { hint: "leave .yaml out: the file gets it by itself" } : {},
    );
  }
  if (taken.includes(name)) {
    throw new TowerError("usage", `Cannot name a system "${name}": Tower has one of that name`, {
      hint: `choose another name; --from ${name} makes one that adds to it`,
    });
  }
  const key = loginStage(publicKey ?? NO_KEY);
  return `# ${name}: build it with   tower-build build ${name}.yaml
#${
    " ".repeat(name.length)
  }  and boot it with   tower-build boot ${name} --ssh (--identity KEY, if not ssh's own)
# docs/manifest.md says all that may stand here.
name: ${name}
description: A system of my own

# Its stages come first, those below after them. Whatever else stands here replaces what it says.
extends: ${JSON.stringify(base)}

stages:
  # Files, each with its text. A whole folder of them: overlay: FOLDER
  - kind: files
    files:
      - path: /etc/hostname
        contents: ${JSON.stringify(`${name}\n`)}
      - path: /etc/motd
        contents: ${JSON.stringify(`Welcome to ${name}.\n`)}

  # Who logs in over SSH: the lines of public keys.
${publicKey === undefined ? commented(key) : key}
  # More packages by their names in the repository, what they need, and services that start with
  # the system.
  # - kind: packages
  #   world: [chrony]
  # - kind: files
  #   files:
  #     - path: /etc/chrony/chrony.conf
  #       contents: "pool pool.ntp.org iburst\\n"
  # - kind: services
  #   runlevels:
  #     default: [chronyd]
`;
}

function loginStage(publicKey: string): string {
  return `  - kind: accounts
    users:
      - name: root
        authorizedKeys:
          - ${JSON.stringify(publicKey)}
`;
}

/** As comments, with the blank line after it. */
function commented(stage: string): string {
  return stage.replaceAll(/^ {2}(?=.)/gm, "  # ");
}
