import { bmapFile, imageFile } from "../../lib/release/file_names.ts";
import { checkDisk } from "./disk/checks.ts";
import { type Contents, contentsOf, KINDS } from "./disk/contents.ts";
import { partitionLines } from "./disk/details.ts";
import { type DiskPlan, planDisk } from "./disk/plan.ts";
import { fieldInSpec } from "./disk/short_form.ts";
import { diskFields } from "./disk/spec.ts";
import { writeDisk } from "./disk/write.ts";
import { outputKind } from "./output.ts";

/** The output, over some kinds of content. */
export function diskOf(contents: Contents) {
  return outputKind({
    spec: diskFields(contents).superRefine(checkDisk(contents)),
    files: (spec) => [imageFile(spec.file, spec.compression), bmapFile(spec.file)],
    others: ({ partitions = [] }) =>
      partitions.flatMap(({ content: { tree } }, i) =>
        tree === undefined ? [] : [{ tree, at: ["partitions", i, "content", "tree"] }]
      ),
    plan: (spec, planning) => planDisk(spec, planning, contents),
    fieldInSpec,
    line,
    details: (plan) => partitionLines(plan, contents),
    write(tree, plan, context) {
      const { file: name, compression } = plan;
      return context.sink.file(
        { name, mediaType: "application/vnd.efi.img", compression },
        (image) => writeDisk(tree, plan, image, context, contents),
      );
    },
  });
}

function line({ table, boot }: DiskPlan): string {
  const what = boot?.kernel === undefined ? "unified kernel images" : boot.cmdline;
  const start = boot === undefined
    ? "started by nothing"
    : `started by ${boot.loaders.join(" and ")}, ${what}`;
  return `disk, ${table.toUpperCase()}, ${start}`;
}

/** Every kind of content. */
export const CONTENTS = contentsOf(KINDS);
export const disk = diskOf(CONTENTS);
