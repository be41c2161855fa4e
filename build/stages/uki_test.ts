import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { peFile } from "../../tests/support/format/pe_file.ts";
import { signedPe } from "../../tests/support/format/signed_pe.ts";
import { stageContext } from "../../tests/support/tree/stage_context.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import type { Arch } from "../../lib/brand.ts";
import { memorySink, memorySource } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { gzip } from "../../lib/format/gzip.ts";
import { readPe } from "../../lib/format/pe/headers.ts";
import { imageDigest } from "../../lib/format/pe/image_digest.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { VERITY_BLOCK, verityGeometry } from "../../lib/format/verity/geometry.ts";
import { writeVerity } from "../../lib/format/verity/tree.ts";
import { bytesOf, inlineText } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { uki } from "./uki.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const MACHINE = { x86_64: 0x8664, aarch64: 0xaa64, armv7: 0x1c2 };
const SHORT = { x86_64: "x64", aarch64: "aa64", armv7: "arm" };
const FIELDS = {
  ...{ kind: "uki", path: "/boot/EFI/Linux/system.efi", flavour: "virt" },
  ...{ initramfs: "/boot/initramfs", cmdline: "root=LABEL=root quiet" },
};
const OS_RELEASE = "ID=lab\nPRETTY_NAME='A lab'";
const kernelFor = (arch: Arch) =>
  peFile({ machine: MACHINE[arch], sections: [{ name: ".setup", bytes: new Uint8Array(99) }] });

/** A tree with what an image is made of; a file that is `undefined` is not there. */
function treeFor(arch: Arch, changes: Record<string, string | Uint8Array | undefined> = {}) {
  const tree = new FileTree({ ...owned, mode: 0o755 });
  const files: typeof changes = {
    "boot/initramfs": "initramfs",
    "boot/vmlinuz-virt": kernelFor(arch),
    "etc/os-release": OS_RELEASE,
    "usr/share/kernel/virt/kernel.release": "6.6.1-0-virt\n",
    [`usr/lib/systemd/boot/efi/linux${SHORT[arch]}.efi.stub`]: peFile({ machine: MACHINE[arch] }),
    ...changes,
  };
  for (const [path, value] of Object.entries(files)) {
    if (value === undefined) continue;
    tree.putParents(path, owned.origin, 0);
    const content = typeof value === "string"
      ? inlineText(value)
      : { kind: "inline" as const, bytes: value };
    tree.put({ ...owned, type: "file", path, mode: 0o644, content });
  }
  return tree;
}

/** The sections of the image that a tree gives, in their order, and the entry. */
async function made(arch: Arch, tree: FileTree, fields: Record<string, unknown> = {}) {
  const store = new MemoryStore();
  const context = { ...stageContext(86_400), arch, reader: store, blobs: store };
  await uki.apply(tree, uki.spec.parse({ ...FIELDS, ...fields }), context);
  const entry = tree.file("boot/EFI/Linux/system.efi")!;
  const bytes = bytesOf(store, entry.content);
  const pe = readPe(memorySource(bytes));
  imageDigest(pe);
  const sections = new Map(
    pe.sections.map((s) => [s.name, bytes.subarray(s.rawOffset, s.rawOffset + s.virtualSize)]),
  );
  return { entry, pe, sections };
}
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`an image for ${arch} holds kernel, initramfs, command line and names, behind the stub`, async () => {
    const { entry, pe, sections } = await made(arch, treeFor(arch));
    assertEquals([...sections.keys()], [
      ...[".text", ".osrel", ".uname", ".cmdline", ".linux", ".initrd"],
    ]);
    assertEquals(pe.machine, MACHINE[arch]);
    assertEquals(text(sections.get(".osrel")), `${OS_RELEASE}\nVERSION_ID=6.6.1-0-virt\n`);
    assertEquals(text(sections.get(".uname")), "6.6.1-0-virt");
    assertEquals(text(sections.get(".cmdline")), "root=LABEL=root quiet");
    assertEquals(sections.get(".linux"), kernelFor(arch));
    assertEquals(text(sections.get(".initrd")), "initramfs");
    assertEquals([entry.mode, entry.mtime, entry.origin], [0o600, 86_400, "stage:uki"]);
  });
}

Deno.test("a kernel loses its distribution's signature, and on Arm its packing", async () => {
  const signed = signedPe(kernelFor("x86_64"));
  const plain = (await made("x86_64", treeFor("x86_64"))).sections.get(".linux")!;
  const tree = treeFor("x86_64", { "boot/vmlinuz-virt": signed });
  const { sections } = await made("x86_64", tree);
  assertEquals(readPe(memorySource(sections.get(".linux")!)).certificates, undefined);
  // Without the check sum, which a signature takes away.
  const other = sections.get(".linux")!.slice();
  new DataView(other.buffer).setUint32(0x98 + 64, 0x1234, true);
  assertEquals(other.subarray(0, plain.length), plain);
  const packed = treeFor("aarch64", { "boot/vmlinuz-virt": gzip(kernelFor("aarch64"), 6) });
  assertEquals((await made("aarch64", packed)).sections.get(".linux"), kernelFor("aarch64"));
});

Deno.test("a version that is told stays; stub and name can be others", async () => {
  const osRelease = `${OS_RELEASE}\nVERSION_ID=3\n`;
  const told = await made("x86_64", treeFor("x86_64", { "etc/os-release": osRelease }));
  assertEquals(text(told.sections.get(".osrel")), osRelease);
  const own = peFile({ sections: [{ name: ".own", bytes: new Uint8Array(1) }] });
  const tree = treeFor("x86_64", { "srv/stub": own, "srv/name": "ID=a\nPRETTY_NAME=b\n" });
  const chosen = await made("x86_64", tree, { stub: "/srv/stub", osRelease: "/srv/name" });
  assert(chosen.sections.has(".own"));
  assertEquals(
    text(chosen.sections.get(".osrel")),
    "ID=a\nPRETTY_NAME=b\nVERSION_ID=6.6.1-0-virt\n",
  );
  const empty = await made("x86_64", treeFor("x86_64"), { cmdline: "" });
  assert(!empty.sections.has(".cmdline"));
  const gummiboot = treeFor("x86_64", {
    "usr/lib/systemd/boot/efi/linuxx64.efi.stub": undefined,
    "usr/lib/gummiboot/linuxx64.efi.stub": own,
  });
  assert((await made("x86_64", gummiboot)).sections.has(".own"));
});

Deno.test("a command line has the root hash of a hash device in the tree, and nothing else of that form", async () => {
  const size = verityGeometry(2).blocks * VERITY_BLOCK;
  const hashes = memorySink(size);
  const data = memorySource(new Uint8Array(2 * VERITY_BLOCK));
  const options = { uuid: uuidFrom("test"), salt: Uint8Array.of(1, 2) };
  const rootHash = writeVerity(data, options, hashes);
  const cmdline = "roothash={roothash:/srv/hashes} quiet";
  const { sections } = await made("x86_64", treeFor("x86_64", { "srv/hashes": hashes.bytes }), {
    cmdline,
  });
  assertEquals(text(sections.get(".cmdline")), `roothash=${rootHash} quiet`);
  for (const other of ["{roothash:hashes}", "{uuid:/srv/hashes}"]) {
    assertEquals(uki.spec.safeParse({ ...FIELDS, cmdline: other }).success, false, other);
  }
  const cut = treeFor("x86_64", { "srv/hashes": hashes.bytes.subarray(0, 100) });
  for (const tree of [treeFor("x86_64"), cut]) {
    const error = await assertRejects(() => made("x86_64", tree, { cmdline }), TowerError);
    assertEquals(error.at, ["cmdline"]);
  }
});

Deno.test("what makes no image is refused, with the field", () => {
  const refuses = (
    changes: Record<string, string | Uint8Array | undefined>,
    [message, cause, ...at]: [message: string, cause: string, ...at: string[]],
    arch: Arch = "x86_64",
  ) => {
    const store = new MemoryStore();
    const context = { ...stageContext(0), arch, reader: store, blobs: store };
    const tree = treeFor(arch, changes);
    const error = assertThrows(
      () => uki.apply(tree, uki.spec.parse(FIELDS) as Parameters<typeof uki.apply>[1], context),
      TowerError,
    );
    const inner = error.cause instanceof TowerError ? error.cause.message : "";
    assertEquals([error.message, inner, ...error.at ?? []], [message, cause, ...at]);
    assertEquals(tree.get(FIELDS.path.slice(1)), undefined);
    assertEquals(store.size, 0);
  };
  const STUB = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
  const CANNOT = "Cannot make a unified kernel image";
  refuses({ "boot/vmlinuz-virt": undefined }, [
    'Cannot find kernel "virt": there is no "/boot/vmlinuz-virt"',
    ...["", "flavour"] as const,
  ]);
  refuses({ "boot/initramfs": undefined }, [
    `${CANNOT}: its initramfs "/boot/initramfs" is not in the tree`,
    ...["", "initramfs"] as const,
  ]);
  refuses({ "boot/initramfs": "" }, [`${CANNOT}: its initramfs is empty`, ""]);
  refuses({ [STUB]: undefined }, [
    `${CANNOT}: neither "/${STUB}" nor "/usr/lib/gummiboot/linuxx64.efi.stub" is in the tree`,
    ...["", "stub"] as const,
  ]);
  refuses({ [STUB]: kernelFor("aarch64") }, [
    `${CANNOT} of this stub`,
    'Cannot start it on "x86_64": it is of machine 0xaa64',
  ]);
  refuses({ "boot/vmlinuz-virt": kernelFor("aarch64") }, [
    `${CANNOT} of this kernel`,
    'Cannot start it on "x86_64": it is of machine 0xaa64',
  ]);
  refuses({ "boot/vmlinuz-virt": "kernel" }, [
    `${CANNOT} of this kernel`,
    "Cannot start it by EFI: it is no EFI program",
  ]);
  refuses({ "etc/os-release": "ID=a\nNAME=b\n" }, [
    'Cannot use "/etc/os-release" in a unified kernel image: it does not tell PRETTY_NAME',
    ...["", "osRelease"] as const,
  ]);
  refuses({}, ['Cannot make a unified kernel image for "armv7"', "", "stub"], "armv7");
});
