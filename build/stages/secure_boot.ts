import { z } from "zod";
import type { Digest } from "../../lib/brand.ts";
import { atField, TowerError } from "../../lib/errors.ts";
import { piecesOfImage, withSignature } from "../../lib/format/pe/certificate_table.ts";
import { readPe } from "../../lib/format/pe/headers.ts";
import { imageDigest } from "../../lib/format/pe/image_digest.ts";
import { type Certificate, readCertificate } from "../../lib/pki/certificate.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { line, treePath } from "../../lib/schema/scalars.ts";
import { authenticode } from "../../lib/secure_boot/authenticode.ts";
import { enrolmentPath, KEY_VARIABLES } from "../../lib/secure_boot/enrolment.ts";
import { bytesOf, piecesOf, sourceOf, wholeBlob } from "../../lib/tree/content.ts";
import type { Content, ContentReader } from "../../lib/tree/entry.ts";
import { type OverlayFile, type Stage, type StageContext, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("secure-boot"),
  ...forArches,
  keys: line.min(1).describe(
    "Folder beside the manifest, as `tower-build keys secure-boot` makes it. Only what is below its " +
      "public/ is read: the key that signs is given to `build`.",
  ),
  sign: z.array(treePath).default([]).describe(
    "EFI programs of the tree that the key db signs: boot loader and unified kernel images.",
  ),
  enroll: z.boolean().default(false).describe(
    "Whether the firmware is to learn the keys: they go into /boot/loader/keys/auto, from where " +
      "systemd-boot enrols them at the first start of a machine in setup mode.",
  ),
}).describe("Signs EFI programs for UEFI Secure Boot by keys of one's own.");

/** A file of the keys' folder, in the store. */
type KeyFile = Pick<OverlayFile, "digest" | "size">;

/** What a plan knows of keys: what all may see. */
export interface SecureBootPlan {
  readonly kind: "secure-boot";
  /** The certificate of db. */
  readonly certificate: KeyFile;
  readonly sign: readonly string[];
  /** The files that enrol the keys, by name; none where they are not to be. */
  readonly enrolment: readonly (KeyFile & { readonly name: string })[];
}

const LIMIT = 1 << 20;
const CHUNK = 1 << 20;
const origin = "stage:secure-boot" as const;

function plan(
  { keys, sign, enroll }: z.infer<typeof spec>,
  { overlay }: { readonly overlay: readonly OverlayFile[] },
): SecureBootPlan {
  const fileOf = (name: string): KeyFile => {
    const found = overlay.find(({ path }) => path === name);
    if (found) return { digest: found.digest, size: found.size };
    throw new TowerError(
      "not-found",
      `Cannot sign for Secure Boot: there is no "${keys}/public/${name}"`,
      { hint: "make the keys with tower-build keys secure-boot --output DIR", at: ["keys"] },
    );
  };
  return {
    kind: "secure-boot",
    certificate: fileOf("db.crt"),
    sign,
    enrolment: enroll
      ? KEY_VARIABLES.map((variable) => ({
        name: `${variable}.auth`,
        ...fileOf(`${variable}.auth`),
      }))
      : [],
  };
}

/** The certificate whose key signs. @throws {TowerError} `malformed` */
export function certificateOf(
  { certificate }: { readonly certificate: { readonly digest: Digest; readonly size: number } },
  reader: ContentReader,
): Certificate {
  const what = 'certificate "db.crt" of the Secure Boot keys';
  return readCertificate(bytesOf(reader, wholeBlob(certificate), LIMIT), what);
}

/** Signs what the plan names, and lays down what enrols the keys. */
const apply: Stage<SecureBootPlan> = (tree, plan, context) => {
  const { reader, epoch } = context;
  const certificate = atField(["keys"], () => certificateOf(plan, reader));
  for (const [i, path] of plan.sign.entries()) {
    atField(["sign", i], () => {
      const file = tree.file(path);
      if (!file) {
        throw new TowerError(
          "not-found",
          `Cannot sign "/${path}": no such file is in the tree`,
        );
      }
      const content = inFile(path, () => signed(file.content, path, certificate, context));
      tree.replace({ ...file, content, mtime: epoch, origin });
    });
  }
  for (const { name, ...file } of plan.enrolment) {
    const path = enrolmentPath(name);
    tree.putParents(path, origin, epoch);
    const content = wholeBlob(file);
    tree.replace({
      ...{ type: "file", path, mode: 0o644, uid: 0, gid: 0, mtime: epoch, origin, content },
    });
  }
};

/** The program with a signature, in the store. */
function signed(
  content: Content,
  path: string,
  certificate: Certificate,
  { reader, blobs, efiSigner }: StageContext,
): Content {
  const pe = readPe(sourceOf(reader, content));
  const digest = imageDigest(pe);
  const signature = efiSigner.sign({ path: `/${path}`, digest }, certificate);
  const parts = withSignature(pe, authenticode(digest, certificate, signature));
  const writer = blobs.writer();
  try {
    const old = piecesOf(reader, content, new Uint8Array(CHUNK));
    for (const piece of piecesOfImage(parts, old)) writer.write(piece);
    return wholeBlob(writer.commit());
  } finally {
    writer.discard();
  }
}

/** Says which file an error is about that names none. */
function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const isOfFile = cause instanceof TowerError &&
      (cause.code === "malformed" || cause.code === "unsupported");
    if (!isOfFile) throw cause;
    throw new TowerError(cause.code, `Cannot sign "/${path}"`, { cause });
  }
}

export const secureBoot = stageKind({
  spec,
  // Private keys lie beside that folder: they never get into the store.
  overlay: ({ keys }) => ({ field: "keys", folder: `${keys}/public` }),
  plan,
  line: ({ certificate, sign, enrolment }) =>
    [
      sign.map((path) => `/${path}`).join(" ") || "nothing",
      `signed for certificate ${certificate.digest}`,
      ...enrolment.length > 0 ? ["which is enrolled"] : [],
    ].join(", "),
  apply,
});
