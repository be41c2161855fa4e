import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ALONE, stageContext } from "../../tests/support/tree/stage_context.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { TowerError } from "../../lib/errors.ts";
import { bytesOf, inlineText, textOf } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { slots } from "./slots.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH ann";
const LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
const UEFI = {
  ...{ kind: "slots", loader: "systemd-boot", signers: [KEY] },
  parts: { root: "root.squashfs", program: "system.efi" },
};
const BIOS = { ...UEFI, loader: "counter", parts: { root: "root.squashfs" } };
const FILES = ["usr/bin/ssh-keygen", LOADER, "boot/EFI/tower/a.efi"];

/** The tree that the stage makes of one with some files. */
function made(fields: object, paths: readonly string[] = FILES) {
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

Deno.test("slots put in a loader that starts slot A, and who may sign", () => {
  const { text, tree } = made(UEFI);
  assertEquals(text("boot/EFI/BOOT/BOOTX64.EFI"), LOADER);
  assertStringIncludes(text("boot/loader/loader.conf"), "default system*\n");
  assertEquals(
    text("boot/loader/entries/system-a.conf"),
    "title test, slot a\nsort-key system\nversion 1\nlinux /EFI/tower/a.efi\n",
  );
  assertEquals(text("etc/tower/slot-signers"), `update namespaces="file" ${KEY}\n`);
  assertEquals(text("etc/tower/slots.conf").split("\n"), [
    ...["loader=efi", "title=test", "tries=3", "deadline=180", "signers=/etc/tower/slot-signers"],
    ...["parts=root:root.squashfs", "program=system.efi", "watchdog_module="],
    ...["watchdog_seconds=60", ""],
  ]);
  assertEquals(tree.file("usr/sbin/tower-slot")!.mode, 0o755);
  const link = tree.get("etc/runlevels/sysinit/tower-slot");
  assert(link?.type === "symlink" && link.target === "/etc/init.d/tower-slot");
  assertEquals(tree.get("etc/tower/health.d")?.type, "directory");
  assertEquals(tree.get("usr/lib/tower-slot/record"), undefined);
});

Deno.test("slots that the initramfs counts have a record and no loader", () => {
  const { text, tree, store } = made(
    { ...BIOS, watchdog: { module: "softdog", seconds: 120 } },
    FILES.slice(0, 1),
  );
  const scripts = tree.children("usr/lib/tower-slot").map(({ path }) => path.split("/").at(-1));
  assertEquals(scripts, ["counter.sh", "guard.sh", "record", "record.sh", "update.sh"]);
  const record = bytesOf(store, tree.file("usr/lib/tower-slot/record")!.content);
  assertStringIncludes(new TextDecoder().decode(record), "\na good 0 0\nb empty 0 0\n");
  assertStringIncludes(
    text("etc/tower/slots.conf"),
    "\nprogram=\nwatchdog_module=softdog\nwatchdog_seconds=120\n",
  );
  assertEquals(tree.get("boot/loader"), undefined);
});

Deno.test("slots name what is missing in the tree", () => {
  const cases: readonly [string, RegExp, object][] = [
    [
      "usr/bin/ssh-keygen",
      /Cannot check updates: "\/usr\/bin\/ssh-keygen" is not in the tree/,
      UEFI,
    ],
    [LOADER, /Cannot count starts: .*systemd-bootx64/, UEFI],
    ["boot/EFI/tower/a.efi", /Cannot start slot A: "\/boot\/EFI\/tower\/a.efi" is not/, UEFI],
  ];
  for (const [path, why, fields] of cases) {
    const error = assertThrows(
      () => made(fields, FILES.filter((file) => file !== path)),
      TowerError,
    );
    assert(why.test(error.message), error.message);
    assertEquals(error.code, "not-found");
    assert(error.hint, path);
  }
});

Deno.test("a manifest cannot ask for slots that could not be updated", () => {
  const refused = (fields: object) => !slots.spec.safeParse({ ...UEFI, ...fields }).success;
  assert(!refused({}) && !refused(BIOS));
  assert(refused({ parts: { root: "root.squashfs" } }), "systemd-boot without a program");
  assert(refused({ ...BIOS, parts: UEFI.parts }), "a counter with a program");
  assert(refused({ parts: { program: "system.efi" } }), "no root");
  assert(refused({ signers: [] }), "nobody signs");
  assert(refused({ signers: ["AAAA"] }), "no key");
  assert(refused({ signers: [`${KEY}\nupdate ${KEY}`] }), "two lines");
  assert(refused({ tries: 0 }) && refused({ tries: 10 }));
  assert(refused({ parts: { ...UEFI.parts, "a b": "c" } }), "a part with a blank");
});
