import { createHash } from "node:crypto";
import exceptions from "spdx-exceptions/index.json" with { type: "json" };
import current from "spdx-license-ids/index.json" with { type: "json" };
import deprecated from "spdx-license-ids/deprecated.json" with { type: "json" };

/** A licence as SPDX writes it (SPDX 2.3, annex D), and the texts behind its LicenseRefs. */
export interface LicenseExpression {
  readonly expression: string;
  /** What a package says, by the reference that stands for it. */
  readonly references: ReadonlyMap<string, string>;
}

/** What a document says where nothing is known. */
export const NO_ASSERTION = "NOASSERTION";

/** SPDX's own words for no statement: names of no licence, and in no expression (SPDX 2.3, §7.15). */
const SAYS_NOTHING = /^(NOASSERTION|NONE)$/i;

const byLowerCase = (ids: readonly string[]) => new Map(ids.map((id) => [id.toLowerCase(), id]));
const LICENSES = byLowerCase([...current, ...deprecated]);
const EXCEPTIONS = byLowerCase(exceptions);
/** Longer fields are no expressions that anybody wrote. */
const MAX_TOKENS = 400;
const MAX_DEPTH = 30;

/**
 * What a package's licence field means. Names that SPDX does not list become a LicenseRef, and so
 * does a whole field that is no expression; an empty one, and one that says so, asserts nothing.
 */
export function licenseOf(field: string): LicenseExpression {
  const text = field.trim();
  if (text === "" || SAYS_NOTHING.test(text)) {
    return { expression: NO_ASSERTION, references: new Map() };
  }
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length <= MAX_TOKENS) {
    const parser = new Parser(tokens);
    const expression = parser.parse();
    if (expression !== undefined) return { expression, references: parser.references };
  }
  const reference = referenceTo(text);
  return { expression: reference, references: new Map([[reference, text]]) };
}

/** The name that stands for what SPDX does not list; different texts have different names. */
function referenceTo(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 64);
  if (plain === text) return `LicenseRef-${plain}`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `LicenseRef-${plain}-${hash}`;
}

/** One pass over `OR`, `AND`, `WITH` and brackets; undefined where the words are no expression. */
class Parser {
  readonly #tokens: readonly string[];
  readonly references = new Map<string, string>();
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): string | undefined {
    const expression = this.#list("OR", 0);
    return this.#at === this.#tokens.length ? expression : undefined;
  }

  #list(operator: "OR" | "AND", depth: number): string | undefined {
    const parts: string[] = [];
    do {
      const part = operator === "OR" ? this.#list("AND", depth) : this.#simple(depth);
      if (part === undefined) return undefined;
      parts.push(part);
    } while (this.#take(operator));
    return parts.join(` ${operator} `);
  }

  #simple(depth: number): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === "(" && depth < MAX_DEPTH) {
      this.#at++;
      const inner = this.#list("OR", depth + 1);
      return inner !== undefined && this.#take(")") ? `(${inner})` : undefined;
    }
    if (token === undefined || /^([()]|and|or|with)$/i.test(token)) return undefined;
    this.#at++;
    const license = this.#license(token);
    if (!this.#take("WITH")) return license;
    const exception = EXCEPTIONS.get(this.#tokens[this.#at++]?.toLowerCase() ?? "");
    return exception === undefined ? undefined : `${license} WITH ${exception}`;
  }

  #take(word: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #license(token: string): string {
    const known = LICENSES.get(token.toLowerCase());
    if (known !== undefined) return known;
    const older = token.endsWith("+") ? LICENSES.get(token.slice(0, -1).toLowerCase()) : undefined;
    if (older !== undefined) return `${older}+`;
    const named = /^LicenseRef-[A-Za-z0-9.-]+$/.test(token);
    const reference = named ? token : referenceTo(token);
    this.references.set(reference, token);
    return reference;
  }
}
