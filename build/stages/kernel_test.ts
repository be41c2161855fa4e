import { inOneBreath } from "../../lib/breathe.ts";
import { assertEquals } from "@std/assert";
import { NO_SIGNER } from "../../lib/secure_boot/efi_signer.ts";
import { silent } from "../../lib/report/event.ts";
import { textOf } from "../../lib/tree/content.ts";
import { moduleFile } from "../../tests/support/format/elf_file.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { kernel } from "./kernel.ts";
import { contentMaker } from "../../tests/support/tree/make_content.ts";
import { noCompressor, noTree } from "../../tests/support/tree/stage_context.ts";
import { makeAnew } from "../../tests/support/tree/make_anew.ts";
import type { StageContext } from "./stage.ts";

const store = new MemoryStore();
const context: StageContext = {
  reader: store,
  blobs: store,
  content: contentMaker(store),
  blockCompressor: noCompressor,
  tree: noTree,
  arch: "x86_64",
  epoch: 1700000000,
  reporter: silent,
  packages: [],
  sources: new Map(),
  onScript: () => {},
  zstd: "wasm",
  made: makeAnew,
  efiSigner: NO_SIGNER,
  breathe: inOneBreath,
};
const plan = { kind: "kernel", flavour: "virt" } as const;
const files = {
  "boot/vmlinuz-virt": "",
  "lib": { link: "usr/lib" },
  "usr/lib/modules/6.6-0-virt/kernel/a.ko": moduleFile({ exports: ["a"] }),
};

Deno.test("the indexes lie beside the modules, with the plan's time", async () => {
  const tree = smallTree(files);
  await kernel.apply(tree, plan, context);
  const file = tree.file("lib/modules/6.6-0-virt/modules.dep")!;
  assertEquals(textOf(store, file.content), "kernel/a.ko:\n");
  assertEquals(file.path, "usr/lib/modules/6.6-0-virt/modules.dep");
  assertEquals([file.mode, file.uid, file.mtime, file.origin], [
    0o644,
    0,
    1700000000,
    "stage:kernel",
  ]);
});

Deno.test("settings of depmod that are not applied are told", async () => {
  const messages: string[] = [];
  const reporter: StageContext["reporter"] = {
    report: (e) => messages.push(e.type === "warning" ? e.message : ""),
  };
  const tree = smallTree({ ...files, "etc/depmod.d/mine.conf": "search updates\n" });
  await kernel.apply(tree, plan, { ...context, reporter });
  assertEquals(messages, ['depmod does not apply "/etc/depmod.d/mine.conf"']);
});
