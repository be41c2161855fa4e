import { join } from "@std/path";
import { z } from "zod";
import { atField, TowerError } from "../../lib/errors.ts";
import type { Artifact } from "../../lib/release/record.ts";
import { sha256Digest } from "../../lib/schema/digest.ts";
import { fileName, line } from "../../lib/schema/scalars.ts";
import { namedPath } from "./named_path.ts";
import { type Asked, type Built, sourceKind, type SourcePorts } from "./source.ts";
import { CONTENT_FORMATS, storeContent } from "./stored_content.ts";
import { storeFile } from "./stored_file.ts";

const spec = z.strictObject({
  kind: z.literal("build"),
  system: line.min(1).optional().describe(
    "A system by name, or a manifest file beside this one, which is built for the same architecture: this " +
      "or a folder.",
  ),
  folder: line.min(1).optional().describe("A folder beside the manifest that a build wrote."),
  file: fileName.describe("Name of an artifact, as the record of that build has it."),
  format: z.enum(CONTENT_FORMATS).default("raw").describe(
    "raw is the artifact as it is; of an archive its entries are taken.",
  ),
}).refine(({ system, folder }) => (system === undefined) !== (folder === undefined), {
  error: "must have either system or folder",
  path: ["system"],
}).describe("What another system's build made.");

type Spec = z.infer<typeof spec>;

const locked = z.strictObject({
  kind: z.literal("build"),
  name: z.string(),
  /** As the manifest names it: a system, a manifest file or a folder. */
  from: z.string(),
  /** The name of what was built, and the plan that it was built by. */
  system: z.string(),
  plan: sha256Digest,
  file: z.string(),
  digest: sha256Digest,
  size: z.int().min(0),
});

type Locked = z.infer<typeof locked>;

function fromOf({ system, folder }: Spec): string {
  return system ?? folder!;
}

/** The system as every manifest would name it. */
function systemOf({ spec: { system }, folder }: Asked<Spec>): string {
  return /\.ya?ml$/.test(system!) ? namedPath(folder, system!) : system!;
}

/** The artifact of a build. @throws {TowerError} `not-found` with the names that there are */
function artifactOf({ record, folder }: Built, { spec, arch }: Asked<Spec>): Artifact {
  const found = record.artifacts.find(({ file }) => file === spec.file);
  if (record.arch !== arch) {
    const what = `it was built for ${record.arch}, this system for ${arch}`;
    throw new TowerError("conflict", `Cannot take "${folder}": ${what}`, { at: ["folder"] });
  }
  if (found) return found;
  const names = record.artifacts.map(({ file }) => file).join(", ");
  throw new TowerError(
    "not-found",
    `Cannot take "${spec.file}" of "${record.system}": it made none`,
    {
      hint: `its artifacts are ${names}`,
      at: ["file"],
    },
  );
}

/** The build of which a source is, made anew where something of it changed. */
function built(asked: Asked<Spec>, { builds }: SourcePorts): Promise<Built> {
  const { spec, folder } = asked;
  return spec.folder === undefined
    ? builds.build(systemOf(asked))
    : atField(["folder"], () => Promise.resolve(builds.read(namedPath(folder, spec.folder!))));
}

/** Where the artifact lies that a lock names, built again where it is gone. */
async function locate(locked: Locked, asked: Asked<Spec>, ports: SourcePorts): Promise<string> {
  const { spec: { folder } } = asked;
  const isLocked = ({ record }: Built) =>
    record.artifacts.some(({ file, digest }) => file === locked.file && digest === locked.digest);
  const before = folder === undefined ? ports.builds.find(systemOf(asked)) : undefined;
  const found = before && isLocked(before) ? before : await built(asked, ports);
  if (isLocked(found)) return join(found.folder, locked.file);
  throw new TowerError(
    "stale",
    `Cannot load source "${asked.name}": "${locked.from}" gives another "${locked.file}" than the lock names`,
    { hint: "take what it gives now with tower-build lock SYSTEM --update" },
  );
}

/** An artifact of another build, by that build's record. */
export const build = sourceKind({
  spec,
  locked,
  plan: ({ kind, digest }, { format }) => ({ kind, digest, format }),
  fits: ({ from, file }, { spec }) => from === fromOf(spec) && file === spec.file,
  async resolve(asked, _, ports) {
    const { name, spec } = asked;
    const made = await built(asked, ports);
    const { file, digest, size } = artifactOf(made, asked);
    // A record tells; the bytes decide.
    await storeFile(
      { name, digest, size, locate: () => Promise.resolve(join(made.folder, file)) },
      ports,
    );
    const { system, plan } = made.record;
    return {
      locked: { kind: spec.kind, name, from: fromOf(spec), system, plan, file, digest, size },
    };
  },
  load: (locked, asked, ports) => {
    const { name, digest, size } = locked;
    const file = { name, digest, size, locate: () => locate(locked, asked, ports) };
    return storeContent(file, asked.spec.format, ports);
  },
});
