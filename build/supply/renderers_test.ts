import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import type { BuildRecord, RecordedPackage } from "../../lib/release/record.ts";
import { renderers } from "./renderers.ts";

function item(name: string, change: Partial<RecordedPackage> = {}): RecordedPackage {
  return {
    name,
    version: "1.2-r3",
    arch: "x86_64",
    license: "MIT",
    origin: name,
    repository: "https://example.org/alpine/v3.22/main",
    digest: digestOf(name),
    identity: "Q1AAAA",
    key: "k.rsa.pub",
    ...change,
  };
}

const RECORD: BuildRecord = {
  version: 2,
  system: "demo",
  arch: "x86_64",
  plan: digestOf("plan"),
  lock: digestOf("lock"),
  epoch: 1_700_000_000,
  builder: { name: "tower-build", version: "0.1.0" },
  distribution: { id: "alpine", version: "3.22.1" },
  artifacts: [{
    kind: "disk",
    file: "demo.img",
    mediaType: "application/vnd.efi.img",
    digest: digestOf("image"),
    size: 5,
  }],
  companions: [{ kind: "tree", file: "demo.tree.json", digest: digestOf("tree"), size: 4 }],
  packages: [
    item("libstdc++", { license: "GPL-2.0-or-later AND LGPL-2.1-or-later" }),
    item("busybox", { license: "custom" }),
    item(".odd_Name", { license: "", arch: "noarch", repository: "lab" }),
  ],
  sources: [
    {
      ...{ kind: "archive", name: "tool", digest: digestOf("tool"), size: 4 },
      url: "https://example.org/tool.tar.gz",
    },
    {
      ...{ kind: "build", name: "part_1", digest: digestOf("part"), size: 4 },
      ...{ system: "part", plan: digestOf("part plan"), file: "part.img" },
    },
  ],
  scripts: [],
};

// deno-lint-ignore no-explicit-any
type Json = any;
const rendered = (format: keyof typeof renderers, record = RECORD): Json =>
  JSON.parse(JSON.stringify(renderers[format](record)));

const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("every document depends on the record alone", () => {
  for (const format of Object.keys(renderers) as (keyof typeof renderers)[]) {
    const text = JSON.stringify(rendered(format));
    assertEquals(JSON.stringify(rendered(format)), text);
    assertNotEquals(JSON.stringify(rendered(format, { ...RECORD, plan: digestOf("other") })), text);
  }
});

Deno.test("SPDX: what the schema of 2.3 requires is there, and references lead somewhere", () => {
  const doc = rendered("spdx");
  assertEquals([doc.spdxVersion, doc.dataLicense, doc.SPDXID], [
    "SPDX-2.3",
    "CC0-1.0",
    "SPDXRef-DOCUMENT",
  ]);
  assertMatch(doc.documentNamespace, UUID);
  assertEquals(doc.creationInfo, {
    created: "2023-11-14T22:13:20Z",
    creators: ["Tool: tower-build-0.1.0"],
  });
  const ids = [doc.SPDXID, ...doc.packages.map((p: Json) => p.SPDXID)];
  assertEquals(new Set(ids).size, ids.length);
  for (const id of ids) assertMatch(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
  for (const p of doc.packages) {
    assert(p.name && p.downloadLocation, JSON.stringify(p));
    assertEquals(p.filesAnalyzed, false);
    for (const { algorithm, checksumValue } of p.checksums ?? []) {
      assertEquals(algorithm, "SHA256");
      assertMatch(checksumValue, /^[0-9a-f]{64}$/);
    }
  }
  for (const { spdxElementId, relatedSpdxElement, relationshipType } of doc.relationships) {
    assert(ids.includes(spdxElementId) && ids.includes(relatedSpdxElement));
    assert(["DESCRIBES", "CONTAINS", "GENERATED_FROM"].includes(relationshipType));
  }
  const { artifacts, packages, sources = [] } = RECORD;
  assertEquals(doc.relationships.length, 1 + artifacts.length + packages.length + sources.length);
  const used = doc.packages.flatMap((p: Json) => p.licenseDeclared.match(/LicenseRef-\S+/g) ?? []);
  assertEquals(doc.hasExtractedLicensingInfos.map((l: Json) => l.licenseId), used);
  for (const { extractedText } of doc.hasExtractedLicensingInfos) assert(extractedText.length > 0);
});

Deno.test("SPDX: a package tells version, licence, digest, purl and where it came from", () => {
  const [, , first, , odd] = rendered("spdx").packages;
  assertEquals(first, {
    SPDXID: "SPDXRef-Package-0-libstdc-",
    name: "libstdc++",
    versionInfo: "1.2-r3",
    downloadLocation: "https://example.org/alpine/v3.22/main/x86_64/libstdc%2B%2B-1.2-r3.apk",
    licenseDeclared: "GPL-2.0-or-later AND LGPL-2.1-or-later",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    copyrightText: "NOASSERTION",
    checksums: [{ algorithm: "SHA256", checksumValue: hexOf(digestOf("libstdc++")) }],
    sourceInfo: "Built from libstdc++; signed by k.rsa.pub",
    externalRefs: [{
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: "pkg:apk/alpine/libstdc%2B%2B@1.2-r3?arch=x86_64&distro=alpine-3.22.1",
    }],
  });
  assertEquals([odd.downloadLocation, odd.licenseDeclared], ["NOASSERTION", "NOASSERTION"]);
  assertEquals(
    odd.externalRefs[0].referenceLocator,
    "pkg:apk/alpine/.odd_name@1.2-r3?arch=noarch&distro=alpine-3.22.1",
  );
});

Deno.test("CycloneDX: what the schema of 1.6 requires is there, and references lead somewhere", () => {
  const doc = rendered("cyclonedx");
  assertEquals([doc.bomFormat, doc.specVersion, doc.version], ["CycloneDX", "1.6", 1]);
  assertMatch(doc.serialNumber, UUID);
  assertEquals(doc.metadata.timestamp, "2023-11-14T22:13:20Z");
  const refs = [doc.metadata.component, ...doc.components].map((c) => c["bom-ref"]);
  assertEquals(new Set(refs).size, refs.length);
  for (const c of doc.components) {
    assert(["library", "file"].includes(c.type) && c.name.length > 0);
    for (const { alg, content } of c.hashes) {
      assertEquals(alg, "SHA-256");
      assertMatch(content, /^[0-9a-f]{64}$/);
    }
    // An expression stands alone in its list.
    if (c.licenses) assertEquals(c.licenses.length, 1);
  }
  for (const { ref, dependsOn } of doc.dependencies) {
    for (const r of [ref, ...dependsOn]) assert(refs.includes(r), r);
    assertEquals(new Set(dependsOn).size, dependsOn.length);
  }
  const [first, second, odd] = doc.components;
  assertEquals(first.licenses[0].expression, "GPL-2.0-or-later AND LGPL-2.1-or-later");
  assertEquals(second.licenses[0].expression, "LicenseRef-custom");
  assertEquals(odd.licenses, undefined);
});

Deno.test("SLSA: a statement about every file, with every package by its digest", () => {
  const doc = rendered("slsa");
  assertEquals(doc._type, "https://in-toto.io/Statement/v1");
  assertEquals(doc.predicateType, "https://slsa.dev/provenance/v1");
  assertEquals(doc.subject, [
    { name: "demo.img", digest: { sha256: hexOf(digestOf("image")) } },
    { name: "demo.tree.json", digest: { sha256: hexOf(digestOf("tree")) } },
  ]);
  const { buildDefinition, runDetails } = doc.predicate;
  for (const uri of [buildDefinition.buildType, runDetails.builder.id]) assert(URL.canParse(uri));
  assertEquals(buildDefinition.externalParameters, { system: "demo", arch: "x86_64" });
  const packages = buildDefinition.resolvedDependencies.slice(0, RECORD.packages.length);
  for (const { uri, digest } of packages) {
    assertMatch(uri, /^pkg:apk\/alpine\//);
    assertMatch(digest.sha256, /^[0-9a-f]{64}$/);
  }
});

Deno.test("a system that names no distribution still gives valid URLs", () => {
  const { distribution: _, ...record } = RECORD;
  assertEquals(
    rendered("cyclonedx", record).components[1].purl,
    "pkg:apk/unknown/busybox@1.2-r3?arch=x86_64",
  );
});

Deno.test("every document tells what came from elsewhere beside packages", () => {
  const spdx = rendered("spdx");
  const sources = spdx.packages.filter((p: Json) => p.SPDXID.startsWith("SPDXRef-Source-"));
  assertEquals(
    sources.map((p: Json) => [p.SPDXID, p.downloadLocation, p.sourceInfo]),
    [
      ["SPDXRef-Source-0-tool", "https://example.org/tool.tar.gz", "Source of kind archive"],
      [
        "SPDXRef-Source-1-part-1",
        "NOASSERTION",
        `Source of kind build: part.img of system part, built by plan ${digestOf("part plan")}`,
      ],
    ],
  );
  const from = spdx.relationships.filter((r: Json) =>
    r.spdxElementId === "SPDXRef-System" && r.relationshipType === "GENERATED_FROM"
  );
  assertEquals(from.map((r: Json) => r.relatedSpdxElement), sources.map((p: Json) => p.SPDXID));

  const cyclonedx = rendered("cyclonedx");
  const components = cyclonedx.components.filter((c: Json) => c["bom-ref"].startsWith("source:"));
  assertEquals(components.map((c: Json) => [c["bom-ref"], c.hashes[0].content]), [
    ["source:tool", hexOf(digestOf("tool"))],
    ["source:part_1", hexOf(digestOf("part"))],
  ]);
  assertEquals(components[0].externalReferences[0].url, "https://example.org/tool.tar.gz");
  assertEquals(components[1].properties[1], { name: "tower:system", value: "part" });
  for (const { "bom-ref": ref } of components) {
    assert(cyclonedx.dependencies[0].dependsOn.includes(ref), ref);
  }

  const { resolvedDependencies } = rendered("slsa").predicate.buildDefinition;
  assertEquals(resolvedDependencies.slice(-2), [
    {
      ...{ name: "tool", uri: "https://example.org/tool.tar.gz" },
      ...{ digest: { sha256: hexOf(digestOf("tool")) }, annotations: { kind: "archive" } },
    },
    {
      ...{ name: "part_1", digest: { sha256: hexOf(digestOf("part")) } },
      annotations: { kind: "build", system: "part", plan: digestOf("part plan"), file: "part.img" },
    },
  ]);
  const { sources: _, ...without } = RECORD;
  assertEquals(rendered("slsa", without).predicate.buildDefinition.resolvedDependencies.length, 3);
});

Deno.test("a package that is in several trees stands there once, with the names of all", () => {
  const trees = ["root", "more"];
  const packages = [item("busybox", { trees }), item("musl")];
  const record = { ...RECORD, packages, sources: [] };
  const [busybox, musl] = rendered("spdx", record).packages.slice(2);
  assertEquals(
    busybox.sourceInfo,
    "Built from busybox; signed by k.rsa.pub; in the trees root, more",
  );
  assertEquals(musl.sourceInfo, "Built from musl; signed by k.rsa.pub");
  const [component, other] = rendered("cyclonedx", record).components;
  assertEquals(
    component.properties.slice(2).map(({ name, value }: Json) => `${name} ${value}`),
    ["tower:tree root", "tower:tree more"],
  );
  assertEquals(other.properties.length, 2);
  const [first, second] = rendered("slsa", record).predicate.buildDefinition
    .resolvedDependencies;
  assertEquals([first.annotations.trees, second.annotations.trees], [trees, undefined]);
});
