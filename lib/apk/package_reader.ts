import { createHash, type Hash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { digestFromHex } from "../bytes/digest.ts";
import { GzipReader } from "../format/gzip.ts";
import { readTarFiles } from "../format/tar_files.ts";
import { TarReader } from "../format/tar_reader.ts";
import type { BlobWriter } from "../store/ports.ts";
import { type ControlMember, readControlMember } from "./control_member.ts";
import { DataMember } from "./data_member.ts";
import { type Identity, identityOf } from "./identity.ts";
import { isSignatureName, type Signature, verifySignature } from "./signature.ts";
import type { SigningKey, TrustedKey, UnpackedPackage } from "./types.ts";

/** apk-v2(5): a signature member is small; several keys may sign one package. */
const SIGNATURE_LIMIT = 64 << 10;
const SIGNATURE_MEMBERS = 16;

/** Bounds on a package's bytes; passing one is an error with the code `limit`. */
export interface PackageLimits {
  /** Most bytes of the file. */
  readonly file: number;
  /** Most bytes of the control member, both compressed and inflated. */
  readonly control: number;
  /** Most bytes of the inflated data member. */
  readonly data: number;
  /** Most entries of the data member. */
  readonly entries: number;
  /** Most bytes of one entry's extended header. */
  readonly header: number;
}

/** Limits for a package that an index lists: its own figures with room for tar's headers. */
export function packageLimits(listed: { size: number; installedSize: number }): PackageLimits {
  return {
    file: listed.size,
    control: 16 << 20,
    data: 2 * listed.installedSize + (64 << 20),
    entries: 1_000_000,
    header: 1 << 20,
  };
}

/** What is known of a package before it is read; anything else is `untrusted`. */
export interface ExpectedPackage {
  readonly identity?: Identity;
  readonly digest?: Digest;
  readonly size?: number;
  readonly name?: string;
  readonly version?: string;
}

export interface ReadPackageOptions {
  readonly keys: readonly TrustedKey[];
  /** Gets the inflated data member; committed on success, discarded on any error. */
  readonly data: BlobWriter;
  readonly limits: PackageLimits;
  readonly expect?: ExpectedPackage;
}

/**
 * Reads and verifies an .apk (apk-v2(5)) in one pass with memory independent of its size: the
 * signature over the control member before anything of it is used, the data member against the
 * signed hash, each file against its checksum. Chunks must not be changed after they were given.
 *
 * The only bytes nobody signs are the ten of the signature member's gzip header and the padding
 * of its deflate stream; they carry nothing. `expect.digest` covers them too.
 *
 * @throws {TowerError} `untrusted`, `malformed` or `limit`; errors of the stream and of
 * `options.data` pass through.
 */
export async function readPackage(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadPackageOptions,
): Promise<UnpackedPackage> {
  const reader = new PackageReader(chunks, options);
  try {
    return await reader.read();
  } catch (error) {
    options.data.discard();
    // A stream that also fails to close has nothing to add to the first error.
    await reader.close().catch(() => {});
    throw reader.named(error);
  }
}

class PackageReader {
  readonly #gzip: GzipReader;
  readonly #options: ReadPackageOptions;
  readonly #whole = createHash("sha256");
  #size = 0;
  #label: string;

  constructor(chunks: AsyncIterable<Uint8Array>, options: ReadPackageOptions) {
    this.#gzip = new GzipReader(chunks);
    this.#options = options;
    const { name, version } = options.expect ?? {};
    this.#label = name === undefined ? "package" : `package "${name}-${version ?? "?"}"`;
  }

  async read(): Promise<UnpackedPackage> {
    const { expect = {}, keys, data } = this.#options;
    const { signatures, compressed, inflated } = await this.#head();
    const identity = this.#identity(compressed);
    const signedBy: SigningKey = verifySignature(this.#label, signatures, compressed, keys);
    const control = readControlMember(inflated);
    const { info } = control;
    if ((expect.name ?? info.name) !== info.name) throw this.#other(`its name is "${info.name}"`);
    if ((expect.version ?? info.version) !== info.version) {
      throw this.#other(`its version is "${info.version}"`);
    }
    this.#label = `package "${info.name}-${info.version}"`;
    const entries = await this.#data(control);
    const digest = digestFromHex(this.#whole.digest("hex"));
    if ((expect.size ?? this.#size) !== this.#size) throw this.#other(`it has ${this.#size} bytes`);
    if ((expect.digest ?? digest) !== digest) throw this.#other(`its digest is "${digest}"`);
    return {
      digest,
      size: this.#size,
      identity,
      info,
      scripts: control.scripts,
      signedBy,
      data: data.commit().digest,
      entries,
    };
  }

  close(): Promise<void> {
    return this.#gzip.close();
  }

  /** An error from below with the package's name on top. */
  named(error: unknown): unknown {
    const prefix = `Cannot read ${this.#label}`;
    if (!(error instanceof TowerError) || error.message.startsWith(prefix)) return error;
    const causes = {
      untrusted: "it cannot be trusted",
      malformed: "it does not follow the format",
      limit: "it is larger than it may be",
    } as const;
    if (!(error.code in causes)) return error;
    return new TowerError(error.code, `${prefix}: ${causes[error.code as keyof typeof causes]}`, {
      cause: error,
      ...error.hint === undefined ? {} : { hint: error.hint },
    });
  }

  /** The signature members and the control member. */
  async #head(): Promise<{ signatures: Signature[] } & Member> {
    const signatures: Signature[] = [];
    for (let members = 0; members <= SIGNATURE_MEMBERS; members++) {
      const member = await this.#member(this.#options.limits.control);
      if (!isSignature(member.inflated)) return { signatures, ...member };
      if (member.inflated.length > SIGNATURE_LIMIT) throw this.#limit("a signature is too large");
      signatures.push(...readSignatures(member.inflated));
    }
    throw this.#limit(`it has more than ${SIGNATURE_MEMBERS} signature members`);
  }

  /** A member as a whole. */
  async #member(limit: number): Promise<Member> {
    const compressed = new Collector(limit), inflated = new Collector(limit);
    const found = await this.#gzip.member({
      compressed: (bytes) => {
        this.#count(bytes);
        compressed.add(bytes);
      },
      inflated: (bytes) => inflated.add(bytes),
    });
    if (!found) throw this.#error("malformed", "it has no control member");
    return { compressed: compressed.bytes(), inflated: inflated.bytes() };
  }

  async #data(control: ControlMember): Promise<UnpackedPackage["entries"]> {
    const { data, limits } = this.#options;
    const want = control.info.dataHash;
    if (want === undefined) throw this.#error("malformed", "its .PKGINFO has no datahash");
    const member = new DataMember();
    const tar = new TarReader(member, { ...limits, dialect: "apk" });
    const hash: Hash = createHash("sha256");
    let inflated = 0;
    const sink = {
      compressed: (bytes: Uint8Array) => {
        this.#count(bytes);
        hash.update(bytes);
      },
      inflated: (bytes: Uint8Array) => {
        inflated += bytes.length;
        if (inflated > limits.data) throw this.#limit(`its data has over ${limits.data} bytes`);
        tar.push(bytes);
        data.write(bytes);
      },
    };
    let members = 0;
    while (await this.#gzip.member(sink)) members++;
    if (members === 0) throw this.#error("malformed", "it has no data member");
    tar.finish();
    if (hash.digest("hex") !== want) {
      throw this.#error("untrusted", "its data does not match the signed hash");
    }
    return member.table();
  }

  #identity(control: Uint8Array): Identity {
    const kind = this.#options.expect?.identity?.startsWith("Q2") ? "Q2" : "Q1";
    const identity = identityOf(control, kind);
    const want = this.#options.expect?.identity ?? identity;
    if (want !== identity) throw this.#other(`its identity is "${identity}"`);
    return identity;
  }

  #count(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const { limits, expect } = this.#options;
    if (this.#size > limits.file) throw this.#limit(`the file has over ${limits.file} bytes`);
    if (expect?.size !== undefined && this.#size > expect.size) {
      throw this.#other(`it has more than ${expect.size} bytes`);
    }
    this.#whole.update(bytes);
  }

  #other(cause: string): TowerError {
    return this.#error("untrusted", `it is not the one that is expected, ${cause}`);
  }

  #limit(cause: string): TowerError {
    return this.#error("limit", cause);
  }

  #error(code: "untrusted" | "malformed" | "limit", cause: string): TowerError {
    return new TowerError(code, `Cannot read ${this.#label}: ${cause}`);
  }
}

interface Member {
  readonly compressed: Uint8Array;
  readonly inflated: Uint8Array;
}

/** Copies pieces up to a limit. */
class Collector {
  readonly #parts: Uint8Array[] = [];
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > this.#limit) {
      throw new TowerError("limit", `Cannot read member: it has more than ${this.#limit} bytes`);
    }
    this.#parts.push(bytes.slice());
  }

  bytes(): Uint8Array {
    return concat(this.#parts);
  }
}

/** Whether an inflated member starts with a signature. */
export function isSignature(tar: Uint8Array): boolean {
  return isSignatureName(String.fromCharCode(...tar.subarray(0, 6)));
}

/** The signatures of an inflated signature member. @throws {TowerError} `malformed`. */
export function readSignatures(tar: Uint8Array): Signature[] {
  const files = readTarFiles(tar, {
    entries: SIGNATURE_MEMBERS,
    header: 4096,
    dialect: "apk",
  });
  return files.map(({ entry, content }) => {
    if (entry.type !== "file" || !isSignatureName(entry.path)) {
      throw new TowerError("malformed", `Cannot read signature: "${entry.path}" is none`);
    }
    return { entry: entry.path, bytes: content };
  });
}
