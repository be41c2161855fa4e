/** CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/). */
import type { Digest } from "../../lib/brand.ts";
import { hexOf } from "../../lib/bytes/digest.ts";
import type { BuildRecord, RecordedPackage, RecordedSource } from "../../lib/release/record.ts";
import { buildName, createdTime, documentUuid } from "./document.ts";
import { licenseOf, NO_ASSERTION } from "./license.ts";
import { downloadOf, purlOf } from "./purl.ts";

const SYSTEM = "system";

/** The system as a component, what it is made of, and its artifacts. Pure. */
export function cyclonedxDocument(record: BuildRecord): unknown {
  const packages = record.packages.map((item) => packageOf(item, record));
  const sources = (record.sources ?? []).map(sourceOf);
  const artifacts = record.artifacts.map(({ file, digest }) => ({
    type: "file",
    "bom-ref": `artifact:${file}`,
    name: file,
    hashes: hashes(digest),
  }));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${documentUuid(record, "cyclonedx")}`,
    version: 1,
    metadata: {
      timestamp: createdTime(record),
      tools: { components: [{ type: "application", ...nameAndVersion(record.builder) }] },
      component: {
        type: "operating-system",
        "bom-ref": SYSTEM,
        name: buildName(record),
        properties: [
          { name: "tower:plan", value: record.plan },
          { name: "tower:lock", value: record.lock },
        ],
      },
    },
    components: [...packages, ...sources, ...artifacts],
    dependencies: [
      { ref: SYSTEM, dependsOn: [...packages, ...sources].map((part) => part["bom-ref"]) },
      ...artifacts.map((a) => ({ ref: a["bom-ref"], dependsOn: [SYSTEM] })),
    ],
  };
}

function packageOf(item: RecordedPackage, record: BuildRecord) {
  const purl = purlOf(item, record);
  const { expression } = licenseOf(item.license);
  const download = downloadOf(item, record);
  return {
    type: "library",
    "bom-ref": purl,
    ...nameAndVersion(item),
    hashes: hashes(item.digest),
    ...(expression === NO_ASSERTION
      ? {}
      : { licenses: [{ expression, acknowledgement: "declared" }] }),
    purl,
    ...(download === undefined
      ? {}
      : { externalReferences: [{ type: "distribution", url: download }] }),
    properties: [
      { name: "tower:origin", value: item.origin },
      { name: "tower:signed-by", value: item.key },
      ...(item.trees ?? []).map((tree) => ({ name: "tower:tree", value: tree })),
    ],
  };
}

/** What came from elsewhere beside packages. */
function sourceOf({ kind, name, digest, url, system, plan, file }: RecordedSource) {
  return {
    type: "file",
    "bom-ref": `source:${name}`,
    name,
    hashes: hashes(digest),
    ...(url === undefined ? {} : { externalReferences: [{ type: "distribution", url }] }),
    properties: Object.entries({ kind, system, plan, file }).flatMap(([field, value]) =>
      value === undefined ? [] : [{ name: `tower:${field}`, value }]
    ),
  };
}

function nameAndVersion({ name, version }: { name: string; version: string }) {
  return { name, version };
}

function hashes(digest: Digest) {
  return [{ alg: "SHA-256", content: hexOf(digest) }];
}
