import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { atOnce } from "../../../lib/breathe.ts";
import type { Digest } from "../../../lib/brand.ts";
import { findFirmware } from "../../../build/boot/boot.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { readIso } from "../../../lib/format/iso9660/reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import type { DiskKind } from "../../../lib/qemu/machine.ts";
import { piecesOf } from "../../../lib/tree/content.ts";
import { buildMedium, guestHashes, MARKERS, mediumMissing } from "../build/medium_system.ts";
import { startMachine } from "./test_machine.ts";
import { named, programsMissing } from "../program/missing_programs.ts";

const runner = denoRunner();
const missing = mediumMissing() ?? programsMissing(runner, "qemu-system-x86_64");
/** Seconds until an emulated machine has read the whole medium and is off. */
const PATIENCE = 240;

/** One build for all machines. */
let medium: Promise<{ folder: string; image: string }> | undefined;

function builtMedium(): Promise<{ folder: string; image: string }> {
  return medium ??= (async () => {
    const folder = Deno.makeTempDirSync({ prefix: "tower-test-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    const { image, record } = await buildMedium(folder);
    const [{ kind, mediaType, loaders }] = record.artifacts as [typeof record.artifacts[0]];
    assertEquals([kind, mediaType], ["iso", "application/vnd.efi.iso"]);
    assertEquals(loaders, ["isolinux", "systemd-boot"]);
    return { folder, image };
  })();
}

/** SHA-256 of each file by path, as our reader finds it on the medium. */
function ownHashes(image: string): Map<string, string> {
  using source = openDisk(image, "read");
  const { tree } = atOnce(readIso(source, "sha256:medium" as Digest));
  const reader = { open: () => source };
  const chunk = new Uint8Array(1 << 20);
  const hashes = new Map<string, string>();
  for (const { path, type } of tree.walk()) {
    const file = type === "file" || type === "hardlink" ? tree.file(path) : undefined;
    if (!file) continue;
    const hash = createHash("sha256");
    for (const piece of piecesOf(reader, file.content, chunk)) hash.update(piece);
    hashes.set(path, hash.digest("hex"));
  }
  return hashes;
}

/** What the build says that it put on the medium. */
function listedHashes(folder: string): [path: string, digest: string][] {
  const { entries } = JSON.parse(Deno.readTextFileSync(join(folder, "medium.tree.json")));
  return entries.filter((entry: { type: string }) => entry.type === "file")
    .map(({ path, sha256 }: { path: string; sha256: string }) => [path, sha256]);
}

const DEVICES = { cd: "/dev/sr0", usb: "/dev/sda" } as const satisfies Partial<
  Record<DiskKind, string>
>;

/** A test that a machine starts the medium and that all of it is read there as it was written. */
export function mediumTest(firmware: "bios" | "uefi", disk: keyof typeof DEVICES): void {
  Deno.test({
    ...named(
      `${firmware} starts a medium as ${disk}, and Linux reads each of its files right`,
      missing,
    ),
    async fn() {
      const { folder, image } = await builtMedium();
      const run = Deno.makeTempDirSync({ prefix: "tower-test-" });
      try {
        await using machine = startMachine(runner, run, {
          image,
          snapshot: true,
          disk,
          firmware: firmware === "bios"
            ? { kind: "bios" }
            : { kind: "uefi", file: findFirmware("x86_64") },
          network: { kind: "none" },
          memoryMiB: 512,
        });
        assertEquals(await machine.waitForEnd(PATIENCE), { kind: "exited", code: 0 });
        const said = machine.console();
        await machine.orConsole(() => {
          assertStringIncludes(said, `${MARKERS.begin} ${DEVICES[disk]}`);
          assertStringIncludes(said, MARKERS.end);
          assertEquals(said.includes("by uefi"), firmware === "uefi");
          assert(
            /^symbolic link '?\.\/srv\/link'? -> '?\.\.\/(deep\/){60}target'?\r?$/m.test(said),
          );
          assert(/^640 0 42 \d+ etc\/shadow\r?$/m.test(said), "mode and owner of a file");
          return Promise.resolve();
        });
        const read = guestHashes(said);
        assertEquals(read, ownHashes(image));
        for (const [path, digest] of listedHashes(folder)) {
          assertEquals(read.get(path), digest, path);
        }
      } finally {
        Deno.removeSync(run, { recursive: true });
      }
    },
  });
}
