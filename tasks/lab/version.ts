/** Most digits of one number: apk keeps numbers in 63 bits. */
const MAX_DIGITS = 15;
/** What a Debian revision's parts weigh in an apk revision, which is one number. */
const REVISION = 10_000, UPDATE = 100, BEFORE = 5_000;

/**
 * A Debian version as a valid apk version, in the same order as far as apk's grammar can say it
 * (deb-version(7); apk-tools src/version.c):
 *
 * - The epoch goes: within one release no package changes it.
 * - `~` becomes a suffix below the plain version, `+`, `-` and letters one above it (`_p`).
 * - `1.2-3+deb12u4+b5` has revision 3 * 10000 + 4 * 100 + 5; `3~deb12u4` comes 5000 before `3`.
 *
 * A version without a revision stays without, so that `>= 1.2` holds for every build of 1.2.
 *
 * @throws {RangeError} when the version does not begin with a digit.
 */
export function apkVersion(debian: string): string {
  const plain = debian.replace(/^[0-9]+:/, "");
  const dash = plain.lastIndexOf("-");
  const upstream = dash < 0 ? plain : plain.slice(0, dash);
  const release = dash < 0 ? undefined : plain.slice(dash + 1);
  const mapped = mapUpstream(upstream);
  if (mapped === undefined) throw new RangeError(`Cannot map version "${debian}"`);
  return release === undefined ? mapped : `${mapped}-r${revisionNumber(release)}`;
}

function mapUpstream(upstream: string): string | undefined {
  const base = /^[0-9]+(?:\.[0-9]+)*/.exec(upstream)?.[0];
  if (base === undefined) return undefined;
  let rest = upstream.slice(base.length);
  let mapped = base.split(".").map((digits) => bounded(digits)).join(".");
  // apk's grammar has one letter, directly after the digits: 1.1.1w.
  const letter = /^[a-z](?![a-z0-9])/.exec(rest)?.[0];
  if (letter !== undefined) {
    mapped += letter;
    rest = rest.slice(1);
  }
  for (
    const [, tilde, word = "", digits = ""] of rest.matchAll(
      /(~)?[^a-zA-Z0-9~]*([a-zA-Z]*)([0-9]*)/g,
    )
  ) {
    if (tilde === undefined && word === "" && digits === "") continue;
    mapped += `_${tilde === undefined ? "p" : before(word, digits)}${bounded(digits)}`;
  }
  return mapped;
}

/** The suffix of what stands after a tilde. A bare tilde is below everything. */
function before(word: string, digits: string): string {
  if (/^(alpha|beta|rc)$/.test(word)) return word;
  return word === "" && digits === "" ? "alpha" : "pre";
}

function revisionNumber(release: string): number {
  const revision = Number(bounded(/^[0-9]*/.exec(release)![0], 6));
  const update = Number(bounded(/deb[0-9]+u([0-9]+)/.exec(release)?.[1] ?? "", 4));
  const rebuild = Number(bounded(/\+b([0-9]+)/.exec(release)?.[1] ?? "", 4));
  const weight = Math.min(update, 49) * UPDATE + Math.min(rebuild, UPDATE - 1);
  const tilde = release.includes("~") ? BEFORE : 0;
  return Math.max(0, revision * REVISION + weight - tilde);
}

function bounded(digits: string, most: number = MAX_DIGITS): string {
  return digits.slice(0, most);
}
