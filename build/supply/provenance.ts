/**
 * An in-toto statement (v1) with a SLSA provenance (v1) as its predicate
 * (https://slsa.dev/spec/v1.0/provenance). It says how a build came about, not who vouches for it:
 * that is the signature's part.
 */
import { hexOf } from "../../lib/bytes/digest.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import { purlOf } from "./purl.ts";

/** What the parameters of such a build mean: docs/supply-chain.md. */
export const BUILD_TYPE = "urn:x-tower:build-type:manifest:v1";
/** Anybody's own machine: no hosted builder stands behind it, so it claims no SLSA level. */
export const BUILDER_ID = "urn:x-tower:builder:tower-build";

/** The statement about all artifacts of a build. Pure; it tells no time, as none is known. */
export function provenanceStatement(record: BuildRecord): unknown {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [...record.artifacts, ...record.companions].map(({ file, digest }) => ({
      name: file,
      digest: { sha256: hexOf(digest) },
    })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { system: record.system, arch: record.arch },
        internalParameters: {
          ...{ plan: record.plan, lock: record.lock, epoch: record.epoch },
          ...(record.trees ? { trees: record.trees } : {}),
        },
        resolvedDependencies: [
          ...record.packages.map((item) => ({
            name: `${item.name}-${item.version}.apk`,
            uri: purlOf(item, record),
            digest: { sha256: hexOf(item.digest) },
            annotations: {
              ...{ repository: item.repository, key: item.key },
              ...(item.trees ? { trees: item.trees } : {}),
            },
          })),
          ...(record.sources ?? []).map(({ kind, name, digest, url, system, plan, file }) => ({
            name,
            ...(url === undefined ? {} : { uri: url }),
            digest: { sha256: hexOf(digest) },
            annotations: {
              kind,
              ...(system === undefined ? {} : { system }),
              ...(plan === undefined ? {} : { plan }),
              ...(file === undefined ? {} : { file }),
            },
          })),
        ],
      },
      runDetails: {
        builder: { id: BUILDER_ID, version: { [record.builder.name]: record.builder.version } },
      },
    },
  };
}
