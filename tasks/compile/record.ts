import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import type { Bundle, Origin } from "./bundle.ts";
import type { Base } from "./product.ts";
import type { Program } from "./programs.ts";
import type { RuntimeKind } from "./runtime.ts";

/** How a program was made; lies beside it as JSON. */
export interface ProgramRecord extends Origin {
  readonly program: string;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  /** The Deno that bundled, and compiled where the runtime is denort. */
  readonly deno: { readonly version: string };
  readonly runtime: {
    readonly kind: RuntimeKind;
    readonly version: string;
    readonly origin: string;
    readonly sha256: string;
  };
  /** SHA-256 of the program's own code and files. */
  readonly bundle: { readonly loader: string; readonly parts: string };
  readonly stub: { readonly sha256: string; readonly compiler: string };
  /** SHA-256 of each embedded library. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly architecture: string;
    readonly sha256: string;
  }[];
}

/** The record of a program that was just made. */
export function recordOf(
  { program, file, bytes, origin, base, bundle, denoVersion, libraries }: {
    program: Program;
    file: string;
    bytes: Uint8Array;
    origin: Origin;
    base: Base;
    bundle: Bundle;
    denoVersion: string;
    /** Names of the libraries that were embedded. */
    libraries: readonly string[];
  },
): ProgramRecord {
  const { runtime, stub, library } = base;
  const sha256 = (content: Uint8Array) => hexOf(digestOf(content));
  return {
    program: program.name,
    ...origin,
    file,
    size: bytes.length,
    sha256: sha256(bytes),
    deno: { version: denoVersion },
    runtime: {
      kind: runtime.kind,
      version: runtime.version,
      origin: runtime.origin,
      sha256: sha256(runtime.bytes),
    },
    bundle: {
      loader: sha256(new TextEncoder().encode(bundle.loader)),
      parts: sha256(bundle.parts),
    },
    stub: { sha256: sha256(stub.code), compiler: stub.compiler },
    libraries: Object.fromEntries(
      libraries.map((name) => [name, sha256(library.files.get(name)!)]),
    ),
    packages: library.packages.map(({ copyright: _, ...rest }) => rest),
  };
}
