import { inOneBreath } from "../lib/breathe.ts";
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import type { Digest } from "../lib/brand.ts";
import { TowerError } from "../lib/errors.ts";
import { digestOf } from "../lib/bytes/digest.ts";
import { RecordingRunner } from "../lib/proc/recording_runner.ts";
import { canonicalJson } from "../lib/json.ts";
import { silent } from "../lib/report/event.ts";
import { toBeSigned } from "../lib/secure_boot/authenticode.ts";
import type { EfiSigner } from "../lib/secure_boot/efi_signer.ts";
import { bytesOf } from "../lib/tree/content.ts";
import { APPLIED_OVERLAY as OVERLAY } from "../tests/support/build/applied_overlay.ts";
import { type CertifiedKey, SIGNER, STRANGER } from "../tests/support/format/signed_pe.ts";
import { MemoryStore } from "../tests/support/tree/memory_store.ts";
import { fieldsOf } from "../tests/support/build/manifest_fields.ts";
import { memorySources, sha256Of } from "../tests/support/build/memory_sources.ts";
import { makeAnew } from "../tests/support/tree/make_anew.ts";
import { assemble } from "./assemble.ts";
import { compressHere } from "../lib/format/block_compressor.ts";
import { openBlockEncoder } from "../lib/format/block_encoder.ts";
import { keptTrees } from "./engine/kept_trees.ts";
import type { OutputSink } from "./outputs/output.ts";
import { makePlan } from "./plan/plan.ts";
import { type OutputPlan, writeOutput } from "./kinds/outputs.ts";
import { overlayOf } from "./kinds/stages.ts";
import type { OverlayFile } from "./stages/stage.ts";
import { parseRepository } from "../lib/packages/repositories.ts";
import { chooseArch, loadManifest, manifestFor, stagesOf } from "./manifest/manifest.ts";
import { manifestDocument } from "./manifest/schema.ts";

type Fields = Record<string, unknown>;
interface Document extends Fields {
  stages: Fields[];
  outputs: Fields[];
  sources: Record<string, Fields>;
  trees: Record<string, Fields>;
}

const encoder = new TextEncoder();
const key = (byte: number) => {
  const start = Uint8Array.fromBase64("AAAAC3NzaC1lZDI1NTE5AAAAIA==");
  return `ssh-ed25519 ${new Uint8Array([...start, ...Array(32).fill(byte)]).toBase64()}`;
};
/** Folders of Secure Boot keys, by what a manifest calls them. */
const KEYS: Readonly<Record<string, CertifiedKey>> = {
  "keys/public": SIGNER,
  "others/public": STRANGER,
};

const archive = (file: string, format: string) => ({
  ...{ kind: "archive", file, format, sha256: sha256Of(file) },
});
const START = {
  ...{ loaders: ["systemd-boot"], flavour: "virt", initramfs: "/boot/initramfs-virt" },
};
const base = (): Document => ({
  name: "demo",
  version: "1",
  arches: ["x86_64"],
  repositories: ["https://mirror/main"],
  sources: {
    text: archive("text", "raw"),
    part: { kind: "build", system: "part", file: "text" },
    tool: archive("tool", "cpio"),
    privileged: archive("privileged", "tar"),
  },
  stages: [
    { kind: "packages", world: ["openrc"] },
    {
      kind: "files",
      overlay: "overlay",
      files: [
        { path: "/etc/motd", contents: "a" },
        { path: "/etc/link", symlink: "a" },
        { path: "/srv/data", directory: true },
      ],
    },
    { kind: "accounts", groups: [{ name: "lab" }], users: [{ name: "ann" }] },
    { kind: "services", runlevels: {} },
    { kind: "kernel", flavour: "virt" },
    { kind: "initramfs", flavour: "virt", path: "/boot/initramfs-virt", modules: ["a"] },
    {
      ...{ kind: "uki", path: "/boot/EFI/Linux/system.efi", flavour: "virt" },
      ...{ initramfs: "/boot/initramfs-virt", cmdline: "quiet" },
    },
    { kind: "secure-boot", keys: "keys", sign: ["/boot/EFI/Linux/system.efi"] },
    { kind: "unpack", source: "text", path: "/srv/text" },
    { kind: "unpack", source: "tool", path: "/opt" },
    { kind: "unpack", source: "part", path: "/srv/part" },
    { kind: "verity", data: "/srv/blocks", path: "/srv/hashes" },
    { kind: "slots", loader: "counter", parts: { root: "a.squashfs" }, signers: [key(1)] },
  ],
  outputs: [
    {
      ...{ kind: "disk", file: "a.img", table: "gpt", ...START },
      ...{ boot: { free: "1MiB" }, root: { free: "1MiB" } },
    },
    { kind: "tar", file: "a.tar" },
    { kind: "cpio", file: "a.cpio" },
    { kind: "tar", file: "more.tar", tree: "more" },
    { kind: "tar", file: "plus.tar", tree: "plus" },
    {
      ...{ kind: "disk", file: "list.img", table: "gpt" },
      partitions: [
        { name: "rest", type: "root", content: { kind: "ext4", folder: "/" }, free: "1MiB" },
        { name: "usr", type: "linux", content: { kind: "squashfs", folder: "/usr" }, size: "4MiB" },
        { name: "hashes", type: "linux", content: { kind: "verity", of: "usr" } },
      ],
    },
    { kind: "squashfs", file: "a.squashfs" },
    { kind: "iso", file: "a.iso", label: "A", ...START },
    { kind: "tar", file: "begun.tar", tree: "begun" },
    { kind: "file", file: "motd", path: "/etc/motd" },
    { kind: "fat", file: "a.fat", folder: "/boot" },
  ],
  trees: {
    more: {
      from: "root",
      stages: [
        { kind: "files", files: [{ path: "/more", contents: "" }] },
        { kind: "embed", output: { kind: "tar", folder: "/srv", file: "srv.tar" } },
      ],
    },
    plus: { difference: { from: "root", to: "more" } },
    begun: {
      from: { source: "privileged", folder: "bin", setuid: true, devices: true, attributes: true },
    },
  },
});

/** What another manifest may extend. */
const BASE = {
  name: "base",
  stages: [{ kind: "files", files: [{ path: "/etc/base", contents: "" }] }],
};

/** All that a manifest decides: its plan's tree, record of repositories and artifacts, by digest. */
async function outcome(document: Document): Promise<string> {
  const texts: Fields = { "m.yaml": document, "base.yaml": BASE };
  const whole = loadManifest("m.yaml", {
    systemPath: () => undefined,
    systemNames: () => [],
    manifestNames: () => [],
    kindOf: () => undefined,
    readText: (path) => JSON.stringify(texts[path]),
    beside: (_, path) => path,
    folderOf: () => "",
  });
  const arch = chooseArch(whole, undefined);
  const manifest = manifestFor(whole, arch);
  const store = new MemoryStore();
  const overlays = new Map(
    stagesOf(manifest).map((stage) => {
      const folder = overlayOf(stage.spec)?.folder ?? "";
      const files = folder === "overlay" ? OVERLAY : keyFiles(folder);
      return [stage, overlayIn(store, files)] as const;
    }),
  );
  const index = `sha256:${"0".repeat(64)}` as Digest;
  const named = await memorySources(manifest, store);
  const plan = makePlan(manifest, {
    version: 2,
    arch,
    sources: [{
      kind: "apk",
      name: "root",
      inputs: index,
      repositories: manifest.repositories.map(({ spec }) => {
        const { name, tag } = parseRepository(spec, { lab: "/lab" });
        return { name, index, ...(tag === undefined ? {} : { tag }) };
      }),
      keys: [],
      packages: [],
    }, ...named.locked],
  }, overlays);
  const runner = new RecordingRunner();
  const env = { signal: new AbortController().signal, runner };
  const trees = await assemble(
    plan,
    { packages: new Map(), sources: named.contents, blobs: new Set() },
    {
      ...{ store, reporter: silent, made: makeAnew, efiSigner: ANY_SIGNER },
      ...{ trees: keptTrees(store, () => index), breathe: inOneBreath, env, jobs: 1 },
    },
    (_, error) => error,
  );
  const entries = [...trees].map(([name, { tree }]) => [
    name,
    ...[...tree.walk()].map((entry) => ({
      ...entry,
      ...(entry.type === "file" ? { content: digestOf(bytesOf(store, entry.content)) } : {}),
    })),
  ]);
  const outputs: unknown[] = [];
  for (const output of plan.outputs) outputs.push([output.file, await written(output)]);
  return digestOf(canonicalJson(JSON.parse(JSON.stringify({ arch, entries, outputs }))));

  /** Every write of an output, hashed; what a plan only carries along is not in it. */
  async function written(output: OutputPlan): Promise<string[]> {
    const writes: string[] = [];
    const file = {
      writeAt: (offset: number, bytes: Uint8Array) =>
        void writes.push(`${offset} ${digestOf(bytes)}`),
      readAt: (_: number, into: Uint8Array) => into.fill(0).length,
      setSize: (size: number) => void writes.push(`size ${size}`),
    };
    const sink: OutputSink = {
      async file({ compression }, write) {
        writes.push(compression);
        await write(file);
      },
    };
    await writeOutput(output, {
      tree: (name) => trees.get(name)!.tree,
      ...{ reader: store, epoch: plan.epoch, sink, reporter: silent, breathe: inOneBreath },
      blockCompressor: (packing) => compressHere(openBlockEncoder(packing, "wasm")),
    });
    return writes;
  }
}

function keyFiles(folder: string): typeof OVERLAY {
  const certified = KEYS[folder];
  if (certified === undefined) return {};
  return {
    "db.crt": certified.certificate.der,
    ...{ "PK.auth": "PK", "KEK.auth": "KEK", "db.auth": "db" },
  };
}

/** Has the key of each certificate. */
const ANY_SIGNER: EfiSigner = {
  check() {},
  sign: (image, certificate) =>
    Object.values(KEYS).find((key) => key.certificate.commonName === certificate.commonName)!
      .key.sign(toBeSigned(image.digest)),
};

function overlayIn(store: MemoryStore, files: typeof OVERLAY): OverlayFile[] {
  return Object.entries(files).map(([path, value]) => {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return { path, digest: store.put(bytes), size: bytes.length, executable: true };
  });
}

/** A value other than the base's for each field: it must change the outcome, or be refused. */
const at = (list: "stages" | "outputs", index: number, ...path: (string | number)[]) => {
  return (value: unknown) => (document: Document) => {
    let place = document[list][index] as Fields;
    for (const part of path.slice(0, -1)) place = place[part] as Fields;
    place[path.at(-1)!] = value;
  };
};
const stage = (index: number, ...path: (string | number)[]) => at("stages", index, ...path);
const output = (index: number, ...path: (string | number)[]) => at("outputs", index, ...path);
const partition = (...path: (string | number)[]) => output(5, "partitions", 0, ...path);
const packed = (field: string) => output(5, "partitions", 1, "content", field);
const raw = (fields: object) => partition("content")({ kind: "raw", ...fields });
const user = (...path: (string | number)[]) => stage(2, "users", 0, ...path);
const top = (name: string) => (value: unknown) => (document: Document) => {
  document[name] = value;
};
/** A case for each of some fields of a part. */
const fields = (
  part: string,
  change: (field: string) => (value: unknown) => (d: Document) => void,
  values: object,
) =>
  Object.fromEntries(
    Object.entries(values).map(([field, value]) => [`${part}.${field}`, change(field)(value)]),
  );
const embed = (field: string, value: unknown) => ({ trees }: Document) => {
  (trees["more"]!["stages"] as Fields[])[1]![field] = value;
};
const begun = (field: string, value: unknown) => ({ trees }: Document) => {
  (trees["begun"]!["from"] as Fields)[field] = value;
};
const difference = (value: Fields) => ({ trees }: Document) =>
  void (trees["plus"]!["difference"] = value);
const other = ["aarch64"];
const CASES: Readonly<Record<string, (document: Document) => void>> = {
  name: top("name")("other"),
  version: (d) => {
    d["version"] = "2";
    d.outputs[1]!["file"] = "a-{version}.tar";
  },
  extends: top("extends")("base.yaml"),
  arches: top("arches")(other),
  repositories: top("repositories")(["https://mirror/main", "https://mirror/community"]),
  "sources[archive].url": (d) => d.sources["text"]!["url"] = "https://mirror/text",
  "sources[archive].file": (d) => d.sources["text"]!["file"] = "tool",
  "sources[archive].sha256": (d) => d.sources["text"]!["sha256"] = "0".repeat(64),
  "sources[archive].format": (d) => d.sources["tool"]!["format"] = "tar",
  "sources[build].system": (d) => d.sources["part"]!["system"] = "other",
  "sources[build].folder": (d) => d.sources["part"]!["folder"] = "built",
  "sources[build].file": (d) => d.sources["part"]!["file"] = "other",
  "sources[build].format": (d) => d.sources["part"]!["format"] = "tar",
  "stages[unpack].arches": stage(8, "arches")(other),
  "stages[unpack].source": stage(9, "source")("text"),
  "stages[unpack].path": stage(8, "path")("/srv/other"),
  "stages[unpack].folder": stage(9, "folder")("bin"),
  "stages[unpack].owner": stage(9, "owner")("archive"),
  "stages[unpack].mode": stage(8, "mode")("0600"),
  "stages[unpack].setuid": stage(8, "setuid")(true),
  "stages[unpack].devices": stage(8, "devices")(true),
  "stages[unpack].attributes": stage(8, "attributes")(true),
  "stages[unpack].replace": (d) => {
    stage(8, "path")("/etc/motd")(d);
    stage(8, "replace")(true)(d);
  },
  "stages[packages].arches": stage(0, "arches")(other),
  "stages[packages].world": stage(0, "world")(["openrc", "busybox"]),
  "stages[packages].optional": stage(0, "optional")(["busybox"]),
  ...Object.fromEntries(
    ["package", "script", "do", "reason"].map((field) => [
      `stages[packages].scripts[].${field}`,
      stage(0, "scripts")([
        { package: "a", script: "trigger", do: "skip", reason: "b" },
      ]),
    ]),
  ),
  "stages[files].arches": stage(1, "arches")(other),
  "stages[files].overlay": stage(1, "overlay")("none"),
  "stages[files].files[].path": stage(1, "files", 0, "path")("/etc/issue"),
  "stages[files].files[].contents": stage(1, "files", 0, "contents")("b"),
  "stages[files].files[].mode": stage(1, "files", 0, "mode")("0600"),
  "stages[files].files[].uid": stage(1, "files", 0, "uid")(7),
  "stages[files].files[].gid": stage(1, "files", 0, "gid")(7),
  "stages[files].files[].symlink": stage(1, "files", 1, "symlink")("b"),
  "stages[files].files[].directory": stage(1, "files", 2)({ path: "/srv/data", contents: "" }),
  "stages[files].remove": stage(1, "remove")(["/srv/old"]),
  "stages[accounts].arches": stage(2, "arches")(other),
  "stages[accounts].groups[].name": stage(2, "groups", 0, "name")("other"),
  "stages[accounts].groups[].gid": stage(2, "groups", 0, "gid")(70),
  ...fields("stages[accounts].users[]", user, {
    ...{ name: "bob", uid: 70, group: "wheel", groups: ["wheel"], home: "/srv/ann" },
    ...{ shell: "/bin/ash", comment: "Ann", password: "$6$a$b", authorizedKeys: [key(1)] },
  }),
  "stages[services].arches": stage(3, "arches")(other),
  "stages[services].runlevels": stage(3, "runlevels")({ default: ["sshd"] }),
  "stages[kernel].arches": stage(4, "arches")(other),
  "stages[kernel].flavour": stage(4, "flavour")("lts"),
  ...fields("stages[initramfs]", (field) => stage(5, field), {
    ...{ arches: other, flavour: "lts", path: "/boot/other", modules: ["b"], parts: ["unlock"] },
    ...{ files: ["/usr/bin/tool"], compression: "none", level: 1, emergencyShell: true },
  }),
  ...fields("stages[uki]", (field) => stage(6, field), {
    ...{ arches: other, path: "/boot/other.efi", flavour: "lts", initramfs: "/usr/bin/tool" },
    ...{ cmdline: "", stub: "/usr/lib/systemd/boot/efi/other.efi.stub" },
    osRelease: "/etc/other-release",
  }),
  ...fields("stages[slots]", (field) => stage(12, field), {
    ...{ arches: other, loader: "systemd-boot", parts: { root: "b.squashfs" } },
    ...{ signers: [key(2)], tries: 4, deadline: 60 },
  }),
  "stages[slots].watchdog.module": stage(12, "watchdog")({ module: "softdog" }),
  "stages[slots].watchdog.seconds": stage(12, "watchdog")({ seconds: 30 }),
  "stages[verity].arches": stage(11, "arches")(other),
  "stages[verity].data": stage(11, "data")("/srv/others"),
  "stages[verity].path": stage(11, "path")("/srv/other-hashes"),
  "stages[secure-boot].arches": stage(7, "arches")(other),
  "stages[secure-boot].keys": stage(7, "keys")("others"),
  "stages[secure-boot].sign": stage(7, "sign")([]),
  "stages[secure-boot].enroll": stage(7, "enroll")(true),
  "outputs[disk].arches": output(0, "arches")(other),
  "outputs[disk].file": output(0, "file")("b.img"),
  "outputs[disk].table": output(0, "table")("mbr"),
  ...Object.fromEntries(
    ["boot", "root"].flatMap((part) => [
      [`outputs[disk].${part}.label`, output(0, part, "label")("OTHER")],
      [`outputs[disk].${part}.free`, output(0, part, "free")("90MiB")],
      [`outputs[disk].${part}.size`, output(0, part)({ size: "80MiB" })],
    ]),
  ),
  ...fields("outputs[disk]", (field) => output(0, field), {
    ...{ loaders: ["syslinux"], flavour: "lts", initramfs: "/boot/vmlinuz-virt" },
    ...{ cmdline: "quiet", compression: "gzip" },
  }),
  ...fields("outputs[disk].partitions[]", partition, {
    name: "other",
    type: "data",
    align: "4MiB",
  }),
  "outputs[disk].partitions[].flags": partition("flags")(["read-only"]),
  "outputs[disk].partitions[].type": partition("type")("data"),
  "outputs[disk].partitions[].free": partition("free")("90MiB"),
  "outputs[disk].partitions[].size": (d) => {
    partition("free")(undefined)(d);
    partition("size")("80MiB")(d);
  },
  "outputs[disk].partitions[].content.label": partition("content", "label")("other"),
  "outputs[disk].partitions[].content.folder": partition("content", "folder")("/srv"),
  "outputs[disk].partitions[].content.tree": partition("content", "tree")("more"),
  "outputs[disk].partitions[].content.file": raw({ file: "/etc/motd" }),
  "outputs[disk].partitions[].content.compression": packed("compression")("gzip"),
  "outputs[disk].partitions[].content.level": packed("level")(1),
  "outputs[disk].partitions[].content.blockSize": packed("blockSize")("4KiB"),
  "outputs[disk].partitions[].content.of": output(5, "partitions", 2, "content", "of")("rest"),
  "outputs[disk].partitions[].content.base64": raw({ base64: "AAEC" }),
  "outputs[disk].tree": output(0, "tree")("more"),
  "trees{}.from": ({ trees }) => void delete trees["more"]!["from"],
  "trees{}.from.source": begun("source", "part"),
  "trees{}.from.folder": begun("folder", undefined),
  "trees{}.from.owner": begun("owner", "archive"),
  "trees{}.from.setuid": begun("setuid", false),
  "trees{}.from.devices": begun("devices", false),
  "trees{}.from.attributes": begun("attributes", false),
  "trees{}.difference.from": difference({ from: "more", to: "more" }),
  "trees{}.difference.to": difference({ from: "root", to: "root" }),
  ...fields("outputs[tar]", (field) => output(1, field), {
    ...{ arches: other, file: "b.tar", tree: "more", folder: "/srv", compression: "gzip" },
  }),
  ...fields("outputs[cpio]", (field) => output(2, field), {
    ...{ arches: other, file: "b.cpio", tree: "more", folder: "/srv", compression: "none" },
  }),
  ...fields("stages[embed]", (field) => (value) => embed(field, value), {
    into: "/etc",
    mode: "0600",
    uid: 1,
    gid: 1,
    arches: other,
  }),
  "stages[embed].output": embed("output", { kind: "cpio", folder: "/srv", file: "srv.tar" }),
  "trees{}.stages": ({ trees }) => void (trees["more"]!["stages"] = []),
  ...fields("outputs[squashfs]", (field) => output(6, field), {
    ...{ tree: "more", folder: "/srv", arches: other, file: "b.squashfs" },
    ...{ compression: "gzip", level: 1, blockSize: "4KiB" },
  }),
  ...fields("outputs[iso]", (field) => output(7, field), {
    ...{ tree: "more", arches: other, file: "b.iso", label: "B", loaders: ["isolinux"] },
    ...{ flavour: "lts", initramfs: "/boot/vmlinuz-virt", cmdline: "quiet", compression: "gzip" },
    paths: ["/boot"],
  }),
  ...fields("outputs[fat]", (field) => output(10, field), {
    ...{ tree: "more", folder: "/srv", arches: other, file: "b.fat", label: "B", free: "64MiB" },
  }),
  ...fields("outputs[file]", (field) => output(9, field), {
    tree: "plus",
    arches: other,
    file: "b",
    path: "/etc/passwd",
  }),
};

Deno.test("every field of a manifest is tried", () => {
  const schema = z.toJSONSchema(manifestDocument, { io: "input", unrepresentable: "any" });
  const fields = new Set(fieldsOf(schema as Fields, ""));
  assertEquals([...fields].sort(), [...Object.keys(CASES), "description"].sort());
});

Deno.test("a value that a manifest gives changes what is built, or is refused", async () => {
  const before = await outcome(base());
  assertEquals(await outcome(base()), before);
  const refused: string[] = [];
  for (const [field, change] of Object.entries(CASES)) {
    const changed = base();
    if (field.endsWith(".arches")) changed["arches"] = ["x86_64", ...other];
    change(changed);
    const after = await outcome(changed).catch((error) => {
      assert(error instanceof TowerError, `${field}: ${error.stack}`);
      refused.push(field);
      return undefined;
    });
    assert(after !== before, `${field} changes nothing`);
  }
  assertEquals(refused, [
    "arches",
    ...["url", "file", "sha256", "format"].map((f) => `sources[archive].${f}`),
    ...["system", "folder", "file", "format"].map((f) => `sources[build].${f}`),
    ...["source", "setuid", "devices", "attributes"].map((f) => `stages[unpack].${f}`),
    ...["package", "script", "do", "reason"].map((f) => `stages[packages].scripts[].${f}`),
    "stages[files].arches",
    "stages[files].overlay",
    "stages[files].files[].path",
    "stages[kernel].flavour",
    "stages[initramfs].arches",
    "stages[initramfs].flavour",
    "stages[initramfs].path",
    "stages[initramfs].parts",
    "stages[uki].arches",
    "stages[uki].path",
    "stages[uki].flavour",
    "stages[slots].loader",
    "outputs[disk].loaders",
    "outputs[disk].flavour",
    "trees{}.from",
    ...["source", "setuid", "devices", "attributes"].map((f) => `trees{}.from.${f}`),
    "outputs[iso].loaders",
    "outputs[iso].flavour",
    "outputs[file].tree",
  ]);
});
