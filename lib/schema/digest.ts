import { z } from "zod";
import { asDigest, type Digest } from "../brand.ts";

/** `sha256:` and 64 hexadecimal digits. */
export const sha256Digest = z.string().refine(
  (text) => asDigest(text) !== undefined,
  "must be a sha256 digest",
).transform((text) => text as Digest);
