import { z } from "zod";
import { ARCHES } from "../brand.ts";

/** What a part of a manifest may say of itself, whatever its kind. */
export const forArches = {
  arches: z.array(z.enum(ARCHES)).min(1).optional().describe(
    "Architectures that this is for; all of the manifest's by default.",
  ),
};
