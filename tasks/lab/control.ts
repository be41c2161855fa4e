import { TowerError } from "../../lib/errors.ts";

/** One package as Debian's index describes it (deb-control(5)). */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** First line of the description. */
  readonly synopsis: string;
  readonly homepage: string;
  /** Bytes on disk, as the packager counted. */
  readonly installedSize: number;
  /** Lower-case hexadecimal SHA-256 of the .deb. */
  readonly sha256: string;
  /** Depends and Pre-Depends: every group needs one of its alternatives. */
  readonly depends: readonly (readonly Relation[])[];
  readonly provides: readonly Relation[];
}

export type RelationOperator = "<<" | "<=" | "=" | ">=" | ">>";

/** A package's name, maybe with a bound on its version. */
export interface Relation {
  readonly name: string;
  readonly operator?: RelationOperator;
  readonly version?: string;
}

/** The packages of a text in the form of `apt-cache show`. @throws {TowerError} `malformed`. */
export function parsePackages(text: string): DebianPackage[] {
  return text.split(/\n{2,}/).filter((s) => s.trim() !== "").map((s) => toPackage(fieldsOf(s)));
}

/** Fields of one paragraph by lower-case name; a folded field keeps its first line. */
function fieldsOf(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split("\n")) {
    // A line that begins with a space continues a long description or a list of files.
    if (line === "" || /^[ \t#]/.test(line)) continue;
    const colon = line.indexOf(":");
    if (colon <= 0) throw malformed(`"${line.slice(0, 80)}" is no field`);
    fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

function toPackage(fields: ReadonlyMap<string, string>): DebianPackage {
  const need = (field: string): string => {
    const value = fields.get(field);
    if (value) return value;
    throw malformed(`package "${fields.get("package") ?? "?"}" has no field "${field}"`);
  };
  const have = (field: string) => fields.get(field) ?? "";
  return {
    name: need("package"),
    version: need("version"),
    architecture: need("architecture"),
    synopsis: have("description-en") || have("description"),
    homepage: have("homepage"),
    installedSize: Number(/^[0-9]{1,9}/.exec(have("installed-size"))?.[0] ?? 0) * 1024,
    sha256: need("sha256"),
    depends: [...parseRelations(have("pre-depends")), ...parseRelations(have("depends"))],
    provides: parseRelations(have("provides")).flat(),
  };
}

/**
 * A relationship field: groups that a comma parts, alternatives that a bar parts. Qualifiers of
 * architecture (`:any`, `[amd64]`) go, as all packages are of one.
 *
 * @throws {TowerError} `malformed`.
 */
export function parseRelations(field: string): Relation[][] {
  return field.split(",").map((group) => group.trim()).filter((group) => group !== "")
    .map((group) => group.split("|").map((text) => parseRelation(text.trim())));
}

const RELATION =
  /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?(?: ?\( ?(<<|<=|=|>=|>>) ?([A-Za-z0-9.+:~-]+) ?\))?(?: ?\[[^\]]*\])?$/;

function parseRelation(text: string): Relation {
  const [, name, operator, version] = RELATION.exec(text) ?? [];
  if (name === undefined) throw malformed(`"${text.slice(0, 80)}" is no relation`);
  if (operator === undefined || version === undefined) return { name };
  return { name, operator: operator as RelationOperator, version };
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read Debian's package index: ${cause}`);
}
