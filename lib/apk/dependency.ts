import { printable, TowerError } from "../errors.ts";
import { asIdentity, type Identity } from "./identity.ts";
import { EQUAL, GREATER, isVersion, LESS, relationOf } from "./version.ts";

/** Operator bit of `~`: the version need only start with the one named. */
export const FUZZY = 8;
/** Operators of a dependency without a version. */
export const ANY = EQUAL | LESS | GREATER | FUZZY;
/** Operators `><`: the version is the identity of one package. */
export const IDENTITY = LESS | GREATER;

/**
 * One item of the world or of a `depend`, `provides` or `install_if` line:
 * `[!]name[@pin][operators version]` (apk-world(5), apk-tools src/package.c).
 */
export interface Dependency {
  readonly name: string;
  /** `!name`: nothing that provides the name, in that range of versions, may be installed. */
  readonly conflict: boolean;
  /** Bits {@linkcode EQUAL}, {@linkcode LESS}, {@linkcode GREATER}, {@linkcode FUZZY}. */
  readonly operators: number;
  readonly version?: string;
  /** Tag of the repository to take it from, without `@`. Only the world has pins. */
  readonly pin?: string;
}

/** `name`, or `name=version` with a version of digits, as nearly all are: looked for first. */
const USUAL =
  /^([^!@<>=~\x00-\x20\x7f]+)(?:=([0-9]{1,9}(?:\.[0-9]{1,9}){0,9}[a-z]?(?:-r[0-9]{1,9})?))?$/;
const FORM =
  /^(!?)([^!<>=~@\x00-\x20\x7f][^<>=~@\x00-\x20\x7f]*)(?:@([^<>=~\x00-\x20\x7f]+))?(?:([<>=~]+)(.+))?$/s;

/** The dependency that a text spells, or undefined where apk 2.14 refuses it. */
export function readDependency(text: string): Dependency | undefined {
  const usual = USUAL.exec(text);
  if (usual !== null) {
    const [, name = "", version] = usual;
    if (version === undefined) return anyOf(name);
    return { name, conflict: false, operators: EQUAL, version };
  }
  const form = FORM.exec(text);
  if (form === null) return undefined;
  const [, mark, name = "", pin, signs, version] = form;
  const dependency: Draft = { name, conflict: mark === "!", operators: ANY };
  if (signs !== undefined && version !== undefined) {
    dependency.operators = operatorsOf(signs);
    dependency.version = version;
    if (!isConstraint(dependency.operators, version)) return undefined;
  }
  if (pin !== undefined) dependency.pin = pin;
  return dependency;
}

/** The dependency on a name alone. */
export function anyOf(name: string): Dependency {
  return { name, conflict: false, operators: ANY };
}

type Draft = { -readonly [K in keyof Dependency]: Dependency[K] };

function isConstraint(operators: number, version: string): boolean {
  const isIdentity = (operators & IDENTITY) === IDENTITY;
  return isIdentity ? /^[!-~]+$/.test(version) : isVersion(version);
}

/** @throws {TowerError} `malformed` where apk 2.14 refuses the text. */
export function parseDependency(text: string): Dependency {
  const dependency = readDependency(text);
  if (dependency) return dependency;
  throw new TowerError(
    "malformed",
    `Cannot read dependency "${printable(text.slice(0, 200))}": it is not of the form ` +
      "[!]name[@tag][<>=~version]",
  );
}

/** The dependency as apk writes it. */
export function formatDependency(dependency: Dependency): string {
  const { name, conflict, operators, version, pin } = dependency;
  return (conflict ? "!" : "") + name + (pin === undefined ? "" : `@${pin}`) +
    (version === undefined ? "" : formatOperators(operators) + version);
}

function formatOperators(operators: number): string {
  if (operators === IDENTITY) return "><";
  return (operators & LESS ? "<" : "") + (operators & GREATER ? ">" : "") +
    (operators & FUZZY ? "~" : operators & EQUAL ? "=" : "");
}

/**
 * Whether a provider is acceptable to a dependency. `version` is the one that it provides the
 * name with, undefined where it provides the name without one (that meets no version, and
 * `!name<2` spares it); `identity` is the package's, for `><`.
 */
export function satisfies(
  dependency: Pick<Dependency, "conflict" | "operators"> & { version?: string | undefined },
  version: string | undefined,
  identity?: Identity,
): boolean {
  const { conflict, operators } = dependency;
  if (operators === ANY) return !conflict;
  if (operators === IDENTITY) {
    return identity !== undefined && identity === asIdentity(dependency.version ?? "");
  }
  if (version === undefined || dependency.version === undefined) return conflict;
  const relation = relationOf(version, dependency.version, (operators & FUZZY) !== 0);
  return (relation & operators) !== 0 ? !conflict : conflict;
}

function operatorsOf(signs: string): number {
  let bits = 0;
  for (const sign of signs) {
    bits |= sign === "<" ? LESS : sign === ">" ? GREATER : sign === "~" ? FUZZY | EQUAL : EQUAL;
  }
  return bits;
}
