import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ALONE, stageContext } from "../../tests/support/tree/stage_context.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { TowerError } from "../../lib/errors.ts";
import { bytesOf, inlineText, textOf } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { slots } from "./slots.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH ann";
const UEFI = {
  ...{ kind: "slots", loader: "systemd-boot", signers: [KEY] },
  parts: { root: "root.squashfs", program: "system.efi" },
};
const BIOS = { ...UEFI, loader: "counter", parts: { root: "root.squashfs" } };
const PI = { ...UEFI, loader: "tryboot", parts: { root: "root.squashfs", boot: "boot.fat" } };
const KEYGEN = "usr/bin/ssh-keygen";
const MAILBOX = "usr/bin/vcmailbox";

/** The tree that the stage makes of one with some files. */
function made(fields: object, paths: readonly string[] = [KEYGEN]) {
  const store = new MemoryStore();
  const tree = new FileTree({ ...owned, mode: 0o755 });
  for (const path of paths) {
    tree.putParents(path, owned.origin, 0);
    tree.put({ ...owned, type: "file", path, mode: 0o755, content: inlineText(path) });
  }
  const plan = slots.plan(slots.spec.parse(fields), {
    ...{ ...ALONE, overlay: [], earlier: [] },
    chosen: { world: [], repositories: [], keys: [], tags: {} },
  });
  slots.apply(tree, plan, { ...stageContext(86_400), reader: store, blobs: store });
  return {
    plan,
    text: (path: string) => textOf(store, tree.file(path)!.content, 65536),
    tree,
    store,
  };
}

Deno.test("slots put in what judges and writes them, and who may sign", () => {
  const { text, tree } = made(UEFI);
  assertEquals(tree.children("usr/lib/tower-slot").map(({ path }) => path.split("/").at(-1)), [
    ...["efi.sh", "guard.sh", "secure_boot.sh", "system", "update.sh"],
  ]);
  assertEquals(text("etc/tower/slot-signers"), `update namespaces="file" ${KEY}\n`);
  assertEquals(text("etc/tower/slots.conf").split("\n"), [
    ...["loader=efi", "title=test", "tries=3", "deadline=180", "signers=/etc/tower/slot-signers"],
    ...["parts=root:root.squashfs", "program=system.efi", "watchdog_module="],
    ...["watchdog_seconds=60", ""],
  ]);
  assertEquals(text("usr/lib/tower-slot/system"), "system=test\nepoch=86400\n");
  assertEquals(tree.file("usr/sbin/tower-slot")!.mode, 0o755);
  const link = tree.get("etc/runlevels/sysinit/tower-slot");
  assert(link?.type === "symlink" && link.target === "/etc/init.d/tower-slot");
  assertEquals(tree.get("etc/tower/health.d")?.type, "directory");
  assertEquals(tree.get("usr/lib/tower-slot/record"), undefined);
});

Deno.test("slots that no key signs for need nothing that checks signatures, and trust none", () => {
  const { text } = made({ ...UEFI, signers: undefined }, []);
  assertEquals(text("etc/tower/slot-signers"), "");
});

Deno.test("slots that the initramfs counts have a record", () => {
  const { text, tree, store } = made(
    { ...BIOS, watchdog: { module: "softdog", seconds: 120 } },
  );
  const scripts = tree.children("usr/lib/tower-slot").map(({ path }) => path.split("/").at(-1));
  assertEquals(scripts, ["counter.sh", "guard.sh", "record", "record.sh", "system", "update.sh"]);
  const record = bytesOf(store, tree.file("usr/lib/tower-slot/record")!.content);
  assertStringIncludes(new TextDecoder().decode(record), "\na good 0 0\nb empty 0 0\n");
  assertStringIncludes(
    text("etc/tower/slots.conf"),
    "\nprogram=\nwatchdog_module=softdog\nwatchdog_seconds=120\n",
  );
});

Deno.test("slots of a Raspberry Pi have what its firmware reads, and what it is asked by", () => {
  const { text, tree } = made(PI, [KEYGEN, MAILBOX]);
  const scripts = tree.children("usr/lib/tower-slot").map(({ path }) => path.split("/").at(-1));
  assertEquals(scripts, ["autoboot", "guard.sh", "system", "tryboot.sh", "update.sh"]);
  const autoboot = text("usr/lib/tower-slot/autoboot/autoboot.txt");
  assertEquals(autoboot.length, 256);
  assertEquals(autoboot.trimEnd().split("\n"), [
    ...["[all]", "tryboot_a_b=1", "boot_partition=2", "[tryboot]", "boot_partition=2"],
    ...["[none]", "# tower-slots 1", "# a good 0 0", "# b empty 0 0"],
  ]);
  assertStringIncludes(text("etc/tower/slots.conf"), "loader=tryboot\n");
  const error = assertThrows(() => made(PI), TowerError);
  assertStringIncludes(error.message, '"/usr/bin/vcmailbox" is not in the tree');
});

Deno.test("slots that nothing could check an update of are refused", () => {
  const error = assertThrows(() => made(UEFI, []), TowerError);
  assertEquals(
    [error.code, error.message],
    ["not-found", 'Cannot check updates: "/usr/bin/ssh-keygen" is not in the tree'],
  );
  assert(error.hint);
});

Deno.test("a manifest cannot ask for slots that could not be updated", () => {
  const refused = (fields: object) => !slots.spec.safeParse({ ...UEFI, ...fields }).success;
  assert(!refused({}) && !refused(BIOS));
  assert(refused({ parts: { root: "root.squashfs" } }), "systemd-boot without a program");
  assert(refused({ ...BIOS, parts: UEFI.parts }), "a counter with a program");
  assert(refused({ parts: { program: "system.efi" } }), "no root");
  assert(!refused(PI));
  assert(refused({ ...PI, parts: BIOS.parts }), "a Raspberry Pi without a part that starts");
  assert(refused({ signers: ["AAAA"] }), "no key");
  const dots = slots.spec.safeParse({ ...UEFI, signers: ["ssh-ed25519 AAAA... ann"] });
  assertStringIncludes(dots.error!.message, "put the line of your own ~/.ssh/id_ed25519.pub there");
  assert(refused({ signers: [`${KEY}\nupdate ${KEY}`] }), "two lines");
  assert(refused({ tries: 0 }) && refused({ tries: 10 }));
  assert(refused({ parts: { ...UEFI.parts, "a b": "c" } }), "a part with a blank");
});
