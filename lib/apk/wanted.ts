/**
 * An item of the world, in the syntax of apk's world file (apk-world(5)), or several of which the
 * first that a repository has is taken.
 */
export type Wanted = string | readonly string[];

/** What would do for an item of the world, the best first. */
export function alternativesOf(item: Wanted): readonly string[] {
  return typeof item === "string" ? [item] : item;
}

/** Takes the first alternative that is to be had; `absent` are those before it that are not. */
export function choose(
  item: Wanted,
  isThere: (item: string) => boolean,
): { readonly chosen: string | undefined; readonly absent: readonly string[] } {
  const alternatives = alternativesOf(item);
  const at = alternatives.findIndex(isThere);
  return at < 0
    ? { chosen: undefined, absent: alternatives }
    : { chosen: alternatives[at], absent: alternatives.slice(0, at) };
}
