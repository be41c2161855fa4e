import { z } from "zod";
import { compareBytes } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { canonicalJson } from "../json.ts";
import { strictJson } from "../strict_json.ts";
import { type Icon, ICON_PLACES } from "./icon.ts";
import { isPlainName, type Program } from "./program.ts";

/** What is kept of a package for menus. */
export interface PackagePrograms {
  /** The package's name. */
  readonly package: string;
  readonly programs: readonly Program[];
  readonly icons: readonly Icon[];
}

/** Most bytes of a host's text. */
export const KEPT_LIMIT = 32 << 20;

const plainName = z.string().refine(isPlainName);
const line = z.string().min(1).regex(/^[^\p{C}]+$/u);
const program = z.strictObject({
  id: plainName,
  texts: z.record(z.string().regex(/^(Name|GenericName|Comment)(\[[A-Za-z_@]{1,40}\])?$/), line),
  icon: z.exactOptional(plainName),
  category: z.exactOptional(z.string().regex(/^[A-Za-z]+$/)),
  terminal: z.boolean(),
  argv: z.tuple([z.string().min(1)], z.string()),
});
const icon = z.strictObject({
  name: plainName,
  place: z.enum(ICON_PLACES),
  base64: z.base64().transform((text) => Uint8Array.fromBase64(text)),
});
const kept = z.strictObject({
  version: z.literal(1),
  packages: z.array(
    z.strictObject({
      package: z.string(),
      programs: z.array(program),
      icons: z.array(
        icon.transform(({ name, place, base64 }): Icon => ({ name, place, bytes: base64 })),
      ),
    }),
  ),
});

/** Programs of a host's packages as a text; packages without any are left out. */
export function formatKept(packages: readonly PackagePrograms[]): string {
  const value = {
    version: 1,
    packages: packages.filter(({ programs, icons }) => programs.length + icons.length > 0)
      .toSorted((a, b) => compareBytes(a.package, b.package))
      .map(({ icons, ...rest }) => ({
        ...rest,
        icons: icons.map(({ name, place, bytes }) => ({ name, place, base64: bytes.toBase64() })),
      })),
  };
  return `${canonicalJson(value, 1)}\n`;
}

/**
 * Those of the packages, in their order, that a host's text has room for: a repository that signs
 * icons without end has the menu be without them, and never unreadable.
 * @param limit bytes of the text
 */
export function withinLimit(
  packages: readonly PackagePrograms[],
  limit = KEPT_LIMIT,
): PackagePrograms[] {
  const empty = formatKept([]).length;
  let room = limit - empty;
  return packages.filter((p) => {
    const size = new TextEncoder().encode(formatKept([p])).length - empty;
    if (size > room) return false;
    room -= size;
    return true;
  });
}

/** @throws {TowerError} `damaged` where it is not as {@linkcode formatKept} wrote it of that host. */
export function parseKept(text: string, host: string): PackagePrograms[] {
  try {
    return kept.parse(strictJson(text)).packages;
  } catch (cause) {
    throw new TowerError("damaged", `Cannot read the programs that are kept of "${host}"`, {
      cause: new Error(cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)),
      hint: `tower menu --ask ${host} makes them anew`,
    });
  }
}
