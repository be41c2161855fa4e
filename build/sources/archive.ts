import { z } from "zod";
import { digestFromHex } from "../../lib/bytes/digest.ts";
import { sha256Digest } from "../../lib/schema/digest.ts";
import { line } from "../../lib/schema/scalars.ts";
import { namedPath } from "./named_path.ts";
import { type Asked, sourceKind } from "./source.ts";
import { CONTENT_FORMATS, storeContent } from "./stored_content.ts";
import { storeFile, type WantedFile } from "./stored_file.ts";

const spec = z.strictObject({
  kind: z.literal("archive"),
  url: z.string().regex(
    /^https?:\/\/[^\s/@]+(\/\S*)?$/,
    "must be an http(s) URL without a password",
  )
    .optional().describe("Where it is fetched from: this or a file."),
  file: line.min(1).optional().describe("A file beside the manifest."),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits").describe(
    "What its bytes must be, as sha256sum tells.",
  ),
  format: z.enum(CONTENT_FORMATS).describe(
    "tar and cpio (newc) may be compressed by gzip, zstd or xz; raw is one file as it is.",
  ),
}).refine(({ url, file }) => (url === undefined) !== (file === undefined), {
  error: "must have either url or file",
  path: ["url"],
}).describe("A file from elsewhere, by its digest: an archive, or any other.");

type Spec = z.infer<typeof spec>;

const locked = z.strictObject({
  kind: z.literal("archive"),
  name: z.string(),
  digest: sha256Digest,
  size: z.int().min(0),
  /** Where it was fetched from. */
  url: z.string().optional(),
});

function wanted({ name, spec, folder }: Asked<Spec>): WantedFile {
  const url = spec.url ?? namedPath(folder, spec.file!);
  return { name, digest: digestFromHex(spec.sha256), locate: () => Promise.resolve(url) };
}

/** A file from a URL or beside the manifest, by its digest. */
export const archive = sourceKind({
  spec,
  locked,
  plan: ({ kind, digest }, { format }) => ({ kind, digest, format }),
  fits: ({ digest, url }, { spec }) => digest === digestFromHex(spec.sha256) && url === spec.url,
  async resolve(asked, _, ports) {
    const { name, spec: { kind, url } } = asked;
    const { digest, size } = await storeFile(wanted(asked), ports);
    return { locked: { kind, name, digest, size, ...(url === undefined ? {} : { url }) } };
  },
  load: ({ size }, asked, ports) =>
    storeContent({ ...wanted(asked), size }, asked.spec.format, ports),
});
