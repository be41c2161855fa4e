import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { secureBoot } from "../../build/stages/secure_boot.ts";
import type { OverlayFile } from "../../build/stages/stage.ts";
import { uki } from "../../build/stages/uki.ts";
import { inOneBreath } from "../../lib/breathe.ts";
import { exists } from "../../lib/files/files.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { QEMU, qemuArgv, SECURE_BOOT_FILES } from "../../lib/qemu/machine.ts";
import { silent } from "../../lib/report/event.ts";
import { keySigner } from "../../lib/secure_boot/efi_signer.ts";
import { enrolmentFiles } from "../../lib/secure_boot/enrolment.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { BOOT_TREE_TOOLS, bootTree, MARKER } from "../support/format/boot_tree.ts";
import { DEBIAN_TOOLS, debianFolder } from "../support/build/debian_files.ts";
import { diskPlan, writeImage } from "../support/format/disk_plan.ts";
import { SIGNER, STRANGER } from "../support/format/signed_pe.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { fileSink, tempFolder } from "../support/program/file_sink.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { MemoryStore } from "../support/tree/memory_store.ts";
import { ALONE, stageContext } from "../support/tree/stage_context.ts";

const runner = denoRunner();
const firmware = SECURE_BOOT_FILES.x86_64.find(({ code, variables }) =>
  exists(code) && exists(variables)
);
const missing = programsMissing(runner, QEMU, ...BOOT_TREE_TOOLS, ...DEBIAN_TOOLS) ??
  (firmware ? undefined : "no OVMF with Secure Boot");
/** Seconds until a machine must be at its end, and until it must have refused what it starts. */
const [END, REFUSAL] = [120 * PATIENCE, 60 * PATIENCE];

const EPOCH = 1_700_000_000;
const LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
const STUB = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
const IMAGE = "boot/EFI/Linux/system.efi";
const PLAN = diskPlan({ loaders: ["systemd-boot"], cmdline: "console=ttyS0 via=entry" });

/** A disk whose loader is signed, and whose unified image is signed, too, or is not. */
async function makeDisk(image: string, signs: readonly string[]): Promise<void> {
  const store = new MemoryStore();
  const efiSigner = keySigner(SIGNER.key, "key");
  const stage = { ...stageContext(EPOCH), reader: store, blobs: store, efiSigner };
  const tree = await systemTree();
  const fields = { path: `/${IMAGE}`, flavour: "virt", initramfs: "/boot/initramfs-virt" };
  const cmdline = "console=ttyS0 via=uki panic=1";
  await uki.apply(tree, uki.spec.parse({ kind: "uki", ...fields, cmdline }), stage);
  const keys = enrolmentFiles({ PK: STRANGER.key, KEK: STRANGER.key, db: SIGNER.key }, {
    ...{ name: "Boot test", notBefore: 1_704_067_200, notAfter: 2_524_607_999 },
    ...{ timestamp: 1_704_067_200, moreOfDb: [] },
  });
  const overlay: OverlayFile[] = [...keys].map(([path, bytes]) => ({
    ...{ path, digest: store.put(bytes), size: bytes.length, executable: false },
  }));
  const sign = signs.map((path) => `/${path}`);
  const spec = secureBoot.spec.parse({ kind: "secure-boot", keys: "keys", sign, enroll: true });
  const chosen = { world: [], repositories: [], keys: [], tags: {} };
  await secureBoot.apply(
    tree,
    secureBoot.plan(spec, { ...ALONE, overlay, earlier: [], chosen }),
    stage,
  );
  using sink = fileSink(image);
  const context = { reader: store, epoch: EPOCH, reporter: silent, breathe: inOneBreath };
  await writeImage(tree, PLAN, sink, context);
}

async function systemTree(): Promise<FileTree> {
  const tree = await bootTree(runner);
  const release = "6.1.0-virt";
  const files = {
    [STUB]: Deno.readFileSync(join(await debianFolder(runner, "systemd-boot-efi"), STUB)),
    "etc/os-release": "ID=boot-test\nPRETTY_NAME=Boot\n",
    "usr/share/kernel/virt/kernel.release": `${release}\n`,
  };
  const owned = { uid: 0, gid: 0, mtime: EPOCH, mode: 0o644, origin: "stage:test" } as const;
  for (const [path, value] of Object.entries(files)) {
    tree.putParents(path, owned.origin, EPOCH);
    const content = typeof value === "string"
      ? inlineText(value)
      : { kind: "inline" as const, bytes: value };
    tree.put({ ...owned, type: "file", path, content });
  }
  return tree;
}

/** Runs a machine until it ends by itself, or says what is waited for; returns what it said. */
async function boot(image: string, variables: string, until?: string): Promise<string> {
  const serial = `${image}.serial`;
  const argv = qemuArgv({
    ...{ arch: "x86_64", image, snapshot: true, accelerator: "tcg", memoryMiB: 512, processors: 1 },
    firmware: { kind: "secure-boot", code: firmware!.code, variables },
    network: { kind: "none" },
    serial: { kind: "file", path: serial },
  });
  const said = () => plain(Deno.readTextFileSync(serial));
  await using machine = runner.spawn({ argv }, {
    signal: AbortSignal.timeout((until === undefined ? END : REFUSAL) * 1000),
  });
  const drained = Promise.all([machine.stdout, machine.stderr].map((s) => new Response(s).text()));
  if (until === undefined) {
    const ending = await machine.ended;
    assertEquals(ending, { kind: "exited", code: 0 }, `${(await drained).join("")}\n${said()}`);
    return said();
  }
  let isEnded = false;
  machine.ended.finally(() => isEnded = true);
  while (!isEnded && !(exists(serial) && said().includes(until))) {
    await new Promise((done) => setTimeout(done, 500));
  }
  return said();
}

/** What a firmware writes, without what moves the cursor and without its wide spaces. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]/g, "").replaceAll("\0", "");
}

Deno.test({
  ...named(
    "a machine in setup mode learns our keys, starts what they signed, and nothing else",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    await makeDisk(at("signed.img"), [LOADER, IMAGE]);
    await makeDisk(at("unsigned.img"), [LOADER]);
    Deno.copyFileSync(firmware!.variables, at("variables"));

    const first = await boot(at("signed.img"), at("variables"));
    assertStringIncludes(first, "Enrolling secure boot keys from directory: \\loader\\keys\\auto");
    assert(!first.includes(MARKER), first);

    const second = await boot(at("signed.img"), at("variables"));
    assertStringIncludes(second, MARKER);
    assertStringIncludes(second, "via=uki");
    assertStringIncludes(second, "Secure boot enabled");

    const third = await boot(at("unsigned.img"), at("variables"), "Security Violation");
    assertStringIncludes(third, "\\EFI\\Linux\\system.efi");
    assertStringIncludes(third, "Access Denied");
    assertNotMatch(third, /Linux version|TOWER-BOOT-MARKER/);
  },
});
