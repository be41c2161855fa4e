import { z } from "zod";
import { isCanonical } from "../tree/file_tree.ts";

const NOT_PLAIN = 'must be a plain path: no "..", ".", "//", trailing "/" or control characters';

/** An absolute path as people write it (`/etc/motd`); decodes to the tree's form (`etc/motd`). */
export const treePath = z.string().regex(/^\//, "must start with /").transform((text, context) => {
  const path = text.slice(1);
  if (!isCanonical(path)) {
    context.addIssue({ code: "custom", message: NOT_PLAIN });
  }
  return path;
});

/** As {@linkcode treePath}, or `/` for all of the tree, which decodes to "". */
export const treeFolder = z.string().regex(/^\//, "must start with /; / is all of the tree")
  .transform((text, context) => {
    const path = text.slice(1);
    if (path !== "" && !isCanonical(path)) context.addIssue({ code: "custom", message: NOT_PLAIN });
    return path;
  });

/** A path in something else than a tree, such as an archive: no slash begins or ends it. */
export const plainPath = z.string().refine(
  isCanonical,
  'must be a plain path: no "..", ".", "//", "/" at an end or control characters',
);

const SIZE = "must be a whole number with B, KiB, MiB, GiB or TiB, such as 64MiB";
const MODE = 'must be octal in quotes, such as "0755"';
const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** A size with a binary unit (`64MiB`), below 8 PiB; decodes to bytes. */
export const byteSize = z.string(SIZE).regex(/^(0|[1-9][0-9]{0,8})(B|KiB|MiB|GiB|TiB)$/, SIZE)
  .transform((text, context) => {
    const unit = /[A-Z][A-Za-z]*$/.exec(text)![0] as keyof typeof UNITS;
    const bytes = Number(text.slice(0, -unit.length)) * UNITS[unit];
    // Sums and offsets are exact below 2^53.
    if (Number.isSafeInteger(bytes)) return bytes;
    context.addIssue({ code: "custom", message: "must be less than 8192TiB" });
    return z.NEVER;
  });

/** Permission bits in octal, quoted (`"0755"`); decodes to a number. */
export const fileMode = z.string(MODE).regex(/^0?[0-7]{3,4}$/, MODE).transform((text) =>
  parseInt(text, 8)
);

/** A numeric user or group id. */
export const numericId = z.int().min(0).max(0xfffffffe);

/** The name that a manifest gives to a source. */
export const sourceName = z.string().regex(
  /^[a-z][a-z0-9-]{0,62}$/,
  "must be a-z, 0-9 and -, and start with a letter",
);

/** One line of text without control characters. */
export const line = z.string().regex(/^[^\x00-\x1f\x7f]*$/, "must be one line of plain text");

/** A file name without a slash, as an artifact has. */
export const fileName = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
  "must be a file name of letters, digits, dot, plus, minus and underscore",
);

/** The name of an OpenRC service, a runlevel or a kernel's flavour. */
export const serviceName = z.string().regex(
  /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/,
  "must be a service name",
);

/** A hash by a method of crypt(5) that musl or libxcrypt knows. */
export const cryptHash = z.string().regex(
  /^\$(?:1|2[abxy]|5|6|7|g?y)\$[^\s:]+$/,
  'must be "none", "locked" or a crypt(5) hash, such as openssl passwd -6 makes',
);
