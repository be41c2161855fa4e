import type { BuildRecord } from "../../lib/release/record.ts";
import { cyclonedxDocument } from "./cyclonedx.ts";
import { provenanceStatement } from "./provenance.ts";
import { spdxDocument } from "./spdx.ts";

/** Documents about a build, by the name of their format. */
export const renderers = {
  spdx: spdxDocument,
  cyclonedx: cyclonedxDocument,
  slsa: provenanceStatement,
} as const satisfies Record<string, (record: BuildRecord) => unknown>;
