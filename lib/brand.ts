declare const brand: unique symbol;
/** A string that was checked once, where it came in. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** `sha256:` and 64 lower-case hexadecimal digits: the name of a content. */
export type Digest = Brand<string, "Digest">;

/** The digest that a text spells, or undefined. */
export function asDigest(text: string): Digest | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** Alpine's names of the architectures that media can be built for. */
export const ARCHES = ["x86_64", "aarch64", "armv7"] as const;
export type Arch = (typeof ARCHES)[number];
