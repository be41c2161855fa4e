import { bmapFile, imageFile } from "../../lib/release/file_names.ts";
import { planDisk } from "./disk/plan.ts";
import { fieldInSpec } from "./disk/short_form.ts";
import { diskSpec } from "./disk/spec.ts";
import { writeDisk } from "./disk/write.ts";
import { outputKind } from "./output.ts";

export const disk = outputKind({
  spec: diskSpec,
  files: (spec) => [imageFile(spec.file, spec.compression), bmapFile(spec.file)],
  plan: planDisk,
  fieldInSpec,
  line: ({ table, boot: { loaders, cmdline } }) =>
    `disk, ${table.toUpperCase()}, started by ${loaders.join(" and ")}, ${cmdline}`,
  write(tree, plan, context) {
    const { file: name, compression, boot: { cmdline: commandLine, loaders } } = plan;
    return context.sink.file(
      { name, mediaType: "application/vnd.efi.img", compression, medium: { commandLine, loaders } },
      (image) => writeDisk(tree, plan, image, context),
    );
  },
});
