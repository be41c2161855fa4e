import { z } from "zod";
import { fileName } from "../schema/scalars.ts";
import { bmapFile } from "./file_names.ts";

/** As much of a record of version 1 as version 2 has otherwise. */
const document1 = z.looseObject({
  version: z.literal(1),
  artifacts: z.array(z.looseObject({ file: fileName, commandLine: z.string().optional() })),
  companions: z.array(z.looseObject({ kind: z.string(), file: fileName })).default([]),
});

/**
 * A record of version 1 as one of version 2; anything else as it is, for the schema of version 2 to
 * refuse. The first did not say of what kind its artifacts are: only disks had a command line, and
 * all that is known of other files is their name. Nobody else may guess.
 */
export function fromVersion1(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!("version" in value) || value.version !== 1) return value;
  const { success, data } = document1.safeParse(value);
  if (!success) return { ...value, version: 2 };
  const artifacts = data.artifacts.map((artifact) => ({ ...artifact, ...kindOf(artifact) }));
  const images = new Map(
    artifacts.flatMap(({ kind, file }) => kind === "disk" ? [[bmapFile(file), file] as const] : []),
  );
  const companions = data.companions.map((companion) => {
    const of = companion.kind === "bmap" ? images.get(companion.file) : undefined;
    return of === undefined ? companion : { ...companion, of };
  });
  return { ...data, version: 2, artifacts, companions };
}

function kindOf({ file, commandLine }: { readonly file: string; readonly commandLine?: unknown }) {
  if (commandLine !== undefined) return { kind: "disk", mediaType: "application/vnd.efi.img" };
  const kind = /\.tar(\.|$)/.test(file) ? "tar" : "cpio";
  return { kind, mediaType: `application/x-${kind}` };
}
