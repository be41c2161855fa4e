import { compareBytes } from "../../lib/format/bytes.ts";
import { digestOf, hexOf } from "../../lib/format/digest.ts";
import type { Origin } from "./bundle.ts";
import type { Base } from "./product.ts";
import type { Program } from "./programs.ts";

/** How a program was made; lies beside it as JSON. */
export interface ProgramRecord extends Origin {
  readonly program: string;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  /** False for one that is made of the stand-in: it shall not be shipped. */
  readonly isRelease: boolean;
  readonly deno: { readonly version: string };
  readonly bundler: { readonly version: string };
  readonly denort: {
    readonly version: string;
    readonly origin: string;
    readonly sha256: string;
    readonly packedSha256: string;
  };
  readonly stub: { readonly sha256: string; readonly compiler: string };
  /** SHA-256 of each embedded library. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly architecture: string;
    readonly sha256: string;
  }[];
  readonly permissions: readonly string[];
}

/** The record of a program that was just made. */
export function recordOf(
  { program, file, bytes, origin, base, bundlerVersion, libraries }: {
    program: Program;
    file: string;
    bytes: Uint8Array;
    origin: Origin;
    base: Base;
    bundlerVersion: string;
    /** Names of the libraries that were embedded. */
    libraries: readonly string[];
  },
): ProgramRecord {
  const { denort, stub, library, packed } = base;
  const sha256 = (content: Uint8Array) => hexOf(digestOf(content));
  return {
    program: program.name,
    ...origin,
    file,
    size: bytes.length,
    sha256: sha256(bytes),
    isRelease: denort.origin !== "stand-in",
    deno: { version: denort.version },
    bundler: { version: bundlerVersion },
    denort: {
      version: denort.version,
      origin: denort.origin,
      sha256: sha256(denort.bytes),
      packedSha256: sha256(packed),
    },
    stub: { sha256: sha256(stub.code), compiler: stub.compiler },
    libraries: Object.fromEntries(
      libraries.map((name) => [name, sha256(library.files.get(name)!)]),
    ),
    packages: library.packages.map(({ copyright: _, ...rest }) => rest),
    permissions: program.permissions,
  };
}

/** Lines as `sha256sum -c` reads them, ordered by name. */
export function formatSums(sums: ReadonlyMap<string, string>): string {
  return [...sums].sort(([a], [b]) => compareBytes(a, b))
    .map(([name, sha256]) => `${sha256}  ${name}\n`).join("");
}
