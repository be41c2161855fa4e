import type { z } from "zod";

/**
 * A refinement of a list that refuses what comes twice by one of its fields: the second would take
 * the place of the first in silence.
 */
export function once<T>(key: keyof T & string, shown: (value: unknown) => string = String) {
  return (items: readonly T[], context: z.RefinementCtx) => {
    const seen = new Set<unknown>();
    for (const [i, item] of items.entries()) {
      if (seen.has(item[key])) {
        const message = `"${shown(item[key])}" is there twice`;
        context.addIssue({ code: "custom", path: [i, key], message });
      }
      seen.add(item[key]);
    }
  };
}
