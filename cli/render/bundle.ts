import { printable } from "../../lib/errors.ts";
import type { BundleDocument } from "../../lib/bundle/document.ts";
import { partOf } from "../../lib/bundle/layout.ts";
import type { Digest } from "../../lib/brand.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { INDEX_FILE } from "../../lib/packages/repositories.ts";
import { jsonLine } from "../../lib/report/json_reporter.ts";
import { count, formatBytes } from "../../lib/report/quantity.ts";

/** A bundle as it is told. */
export interface ShownBundle {
  readonly path: string;
  /** Bytes of its file. */
  readonly size: number;
  /** Fingerprint of the key that signed it. */
  readonly signer: string;
  /** Whether it may; undefined where nothing says who may. */
  readonly isTrusted?: boolean | undefined;
  readonly document: BundleDocument;
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly digest: Digest;
  }[];
}

/** The files of its repositories; indexes and packages, in the order of their names. */
function placed({ document, files }: ShownBundle) {
  return files.flatMap(({ name, size, digest }) => {
    const part = partOf(name);
    if (part?.kind !== "file") return [];
    const { url: repository, arch } = document.repositories[part.repository]!;
    return [{ repository, arch, file: part.file, size, digest }];
  }).sort((a, b) =>
    compareBytes(`${a.repository} ${a.arch} ${a.file}`, `${b.repository} ${b.arch} ${b.file}`)
  );
}

/** A bundle as lines. */
export function bundleText(bundle: ShownBundle): string {
  const { path, size, signer, isTrusted, document } = bundle;
  const all = placed(bundle);
  const packages = all.filter(({ file }) => file !== INDEX_FILE);
  const trust = isTrusted === undefined
    ? ""
    : isTrusted
    ? ", who may"
    : ", who may not: it is not trusted";
  const lines = [
    ...document.for.map(({ host = "any host", arch, packages }) =>
      `for ${host}, ${arch}: ${packages.join(" ")}`
    ),
    ...document.repositories.flatMap(({ url, arch }) => [
      `${url} ${arch}`,
      ...packages.filter((p) => p.repository === url && p.arch === arch)
        .map(({ file, size }) => `  ${file}, ${formatBytes(size)}`),
    ]),
    `signed by ${signer}${trust}`,
    `${path}: ${count(packages.length, "package")}, ${formatBytes(size)}`,
  ];
  return `${printable(lines.join("\n"))}\n`;
}

/** A bundle as one line of JSON; sizes in bytes. */
export function bundleJson(bundle: ShownBundle): string {
  const { path, size, signer, isTrusted, document } = bundle;
  return jsonLine({
    ...{ file: path, size, signer, for: document.for },
    ...isTrusted === undefined ? {} : { trusted: isTrusted },
    files: placed(bundle),
  });
}
