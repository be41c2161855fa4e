import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";
import { TowerError } from "../../lib/errors.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `show-tree`: every entry of a system's tree and where it comes from, or of an image. */
export function showTreeCommand(env: Env) {
  return systemCommand(
    "show-tree",
    "List path, mode, uid, gid, size and origin of every entry of a system, or what an image holds.",
    "<what>",
  ).argument("[path]", "of which folder or file alone")
    .option("--tree <name>", "another of the manifest's trees", ROOT_TREE)
    .option("--partition <partition>", "of a disk image: its number or name")
    .addHelpText(
      "after",
      helpEnd(
        "Instead of a system, an image of any maker: a disk by GPT or MBR, squashfs, ISO " +
          "9660, ext2 to ext4, FAT, cpio or tar, each of them plain or by gzip, zstd or xz. " +
          "A disk's partitions are listed. Colons lead inside: card.img:2, " +
          "card.img.zst:root, card.img:1:/initramfs.",
      ),
    )
    .action(async (system, path, options, command) => {
      const { isSystem } = await import("../image/system_or_image.ts");
      if (!isSystem(system, env)) {
        const given = command.options.filter((option) =>
          !["json", "partition"].includes(option.attributeName()) &&
          command.getOptionValueSource(option.attributeName()) === "cli"
        );
        if (given.length > 0) {
          throw new TowerError(
            "usage",
            `Cannot show "${system}": it is an image, and ${given[0]!.long} is of a system`,
          );
        }
        const { showImage } = await import("../image/shown_image.ts");
        const { partition, json } = options;
        return await showImage({ image: system, partition, path, json }, env);
      }
      if (options.partition !== undefined) {
        throw new TowerError("usage", `Cannot show "${system}": --partition is of an image`);
      }
      const { openEngine } = await import("../engine/engine.ts");
      const { entryJson, entryLine } = await import("../image/entry_text.ts");
      const { pathIn } = await import("../../lib/image/path_in.ts");
      const { buildTree } = await import("../pipeline.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const tree = await buildTree(request, options.tree, engine);
      for (const entry of tree.walk(pathIn(tree, path ?? "", system))) {
        const { origin } = entry;
        const text = options.json
          ? JSON.stringify(entryJson(entry, origin))
          : entryLine(entry, origin);
        env.stdout.write(`${text}\n`);
      }
    });
}
