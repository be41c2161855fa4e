/** SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/). */
import { hexOf } from "../../lib/bytes/digest.ts";
import type { Digest } from "../../lib/brand.ts";
import type { BuildRecord, RecordedPackage, RecordedSource } from "../../lib/release/record.ts";
import { buildName, createdTime, documentUuid } from "./document.ts";
import { licenseOf, NO_ASSERTION } from "./license.ts";
import { downloadOf, purlOf } from "./purl.ts";

const DOCUMENT = "SPDXRef-DOCUMENT";
const SYSTEM = "SPDXRef-System";

/** Fields that a package needs and of which a build knows nothing. */
const UNKNOWN = {
  filesAnalyzed: false,
  licenseConcluded: NO_ASSERTION,
  copyrightText: NO_ASSERTION,
} as const;

/** The system, the packages in it and the artifacts made of it. Pure: the same record, the same document. */
export function spdxDocument(record: BuildRecord): unknown {
  const extracted = new Map<string, string>();
  const packages = record.packages.map((item, i) => packageOf(item, i, record, extracted));
  const sources = (record.sources ?? []).map(sourceOf);
  const artifacts = record.artifacts.map(({ file, digest }, i) => ({
    SPDXID: `SPDXRef-Artifact-${i}`,
    name: file,
    packageFileName: file,
    downloadLocation: NO_ASSERTION,
    licenseDeclared: NO_ASSERTION,
    ...UNKNOWN,
    checksums: checksum(digest),
    primaryPackagePurpose: "ARCHIVE",
  }));
  const relation = (from: string, relationshipType: string, to: string) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT,
    name: buildName(record),
    documentNamespace: `urn:uuid:${documentUuid(record, "spdx")}`,
    creationInfo: {
      created: createdTime(record),
      creators: [`Tool: ${record.builder.name}-${record.builder.version}`],
    },
    comment: `Plan ${record.plan}, lock ${record.lock}`,
    packages: [
      {
        SPDXID: SYSTEM,
        name: buildName(record),
        downloadLocation: NO_ASSERTION,
        licenseDeclared: NO_ASSERTION,
        ...UNKNOWN,
        primaryPackagePurpose: "OPERATING_SYSTEM",
      },
      ...artifacts,
      ...packages,
      ...sources,
    ],
    ...(extracted.size === 0 ? {} : {
      hasExtractedLicensingInfos: [...extracted].map(([licenseId, text]) => ({
        licenseId,
        name: text,
        extractedText: `The package says of its licence: ${text}`,
      })),
    }),
    relationships: [
      relation(DOCUMENT, "DESCRIBES", SYSTEM),
      ...artifacts.map((a) => relation(a.SPDXID, "GENERATED_FROM", SYSTEM)),
      ...packages.map((p) => relation(SYSTEM, "CONTAINS", p.SPDXID)),
      ...sources.map((s) => relation(SYSTEM, "GENERATED_FROM", s.SPDXID)),
    ],
  };
}

function packageOf(
  item: RecordedPackage,
  index: number,
  record: BuildRecord,
  extracted: Map<string, string>,
) {
  const { expression, references } = licenseOf(item.license);
  for (const [id, text] of references) extracted.set(id, text);
  return {
    SPDXID: `SPDXRef-Package-${index}-${item.name.replace(/[^A-Za-z0-9.-]+/g, "-")}`,
    name: item.name,
    versionInfo: item.version,
    downloadLocation: downloadOf(item, record) ?? NO_ASSERTION,
    licenseDeclared: expression,
    ...UNKNOWN,
    checksums: checksum(item.digest),
    sourceInfo: `Built from ${item.origin}; signed by ${item.key}${inTrees(item)}`,
    externalRefs: [{
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: purlOf(item, record),
    }],
  };
}

function inTrees({ trees }: RecordedPackage): string {
  return trees === undefined ? "" : `; in the trees ${trees.join(", ")}`;
}

/** What came from elsewhere beside packages. */
function sourceOf({ kind, name, digest, url, system, plan, file }: RecordedSource, index: number) {
  return {
    SPDXID: `SPDXRef-Source-${index}-${name.replace(/[^A-Za-z0-9.-]+/g, "-")}`,
    name,
    downloadLocation: url ?? NO_ASSERTION,
    licenseDeclared: NO_ASSERTION,
    ...UNKNOWN,
    checksums: checksum(digest),
    sourceInfo: system === undefined
      ? `Source of kind ${kind}`
      : `Source of kind ${kind}: ${file} of system ${system}, built by plan ${plan}`,
    primaryPackagePurpose: "FILE",
  };
}

function checksum(digest: Digest) {
  return [{ algorithm: "SHA256", checksumValue: hexOf(digest) }];
}
