import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { gunzipMember, gzip } from "../format/gzip.ts";
import { tarEnd } from "../format/tar.ts";
import { readTarFiles } from "../format/tar_files.ts";
import { isSignature, readSignatures } from "./package_reader.ts";
import { packSignature, tarFile } from "./package_writer.ts";
import { type PrivateKey, type Signature, verifySignature } from "./signature.ts";
import type { SigningKey, TrustedKey } from "./types.ts";

const SIGNATURE_LIMIT = 64 << 10;
const SIGNATURE_MEMBERS = 16;
/** Bound on the inflated index, as in apko. Alpine's largest has about 10 MB. */
export const INDEX_LIMIT = 300 << 20;
const DESCRIPTION_LIMIT = 64 << 10;

/** An index whose signature was checked. */
export interface IndexArchive {
  /** The APKINDEX file: records as `parseIndex` reads them. */
  readonly indexText: string;
  /** The DESCRIPTION file, "" when there is none. */
  readonly description: string;
  readonly signedBy: SigningKey;
}

/**
 * Reads an APKINDEX.tar.gz: signature members, then a member with DESCRIPTION and APKINDEX. The
 * signature covers all that follows the signature members and is checked before it is inflated.
 *
 * @throws {TowerError} `untrusted`, `malformed` or `limit`.
 */
export function readIndexArchive(bytes: Uint8Array, keys: readonly TrustedKey[]): IndexArchive {
  const signatures: Signature[] = [];
  let at = 0;
  for (let members = 0; members < SIGNATURE_MEMBERS && at < bytes.length; members++) {
    const member = signatureMember(bytes, at);
    if (!member) break;
    signatures.push(...member.signatures);
    at = member.end;
  }
  const signedBy = verifySignature("index", signatures, bytes.subarray(at), keys);
  const parts: Uint8Array[] = [];
  for (let room = INDEX_LIMIT; at < bytes.length;) {
    const { content, end } = gunzipMember(bytes, at, room);
    parts.push(content);
    room -= content.length;
    at = end;
  }
  return { ...readFiles(concat(parts)), signedBy };
}

/** A signed APKINDEX.tar.gz: the same input gives the same bytes. */
export function packIndexArchive(
  indexText: string,
  description: string,
  key: PrivateKey,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const member = gzip(
    concat([
      tarFile("DESCRIPTION", encoder.encode(description), 0o644, 0),
      tarFile("APKINDEX", encoder.encode(indexText), 0o644, 0),
      tarEnd(),
    ]),
    9,
  );
  return concat([packSignature(member, key, 0), member]);
}

/** The signatures of the member at `at`, or undefined when it is the index itself. */
function signatureMember(
  bytes: Uint8Array,
  at: number,
): { signatures: Signature[]; end: number } | undefined {
  let member;
  try {
    member = gunzipMember(bytes, at, SIGNATURE_LIMIT);
  } catch (error) {
    // Too large for a signature.
    if (error instanceof TowerError && error.code === "limit") return undefined;
    throw error;
  }
  if (!isSignature(member.content)) return undefined;
  return { signatures: readSignatures(member.content), end: member.end };
}

function readFiles(tar: Uint8Array): { indexText: string; description: string } {
  let index: Uint8Array | undefined, description: Uint8Array | undefined;
  for (
    const { entry, content } of readTarFiles(tar, { entries: 16, header: 64 << 10, dialect: "apk" })
  ) {
    if (entry.type !== "file") throw malformed(`"${entry.path}" is no file`);
    if (entry.path === "APKINDEX" && !index) index = content;
    else if (entry.path === "DESCRIPTION" && !description) description = content;
    else throw malformed(`it must not have a file "${entry.path}" here`);
  }
  if (!index) throw malformed('it has no file "APKINDEX"');
  if ((description?.length ?? 0) > DESCRIPTION_LIMIT) {
    throw malformed("its description is too long");
  }
  const decoder = new TextDecoder();
  return { indexText: decoder.decode(index), description: decoder.decode(description) };
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read index: ${cause}`);
}
