import { bmapFile, imageFile } from "../../lib/release/file_names.ts";
import { isoSpec, planMedium } from "./iso/plan.ts";
import { writeMedium } from "./iso/write.ts";
import { outputKind } from "./output.ts";

export const iso = outputKind({
  spec: isoSpec,
  files: (spec) => [imageFile(spec.file, spec.compression), bmapFile(spec.file)],
  plan: planMedium,
  line: ({ loaders, cmdline }) => `iso, started by ${loaders.join(" and ")}, ${cmdline}`,
  write(tree, plan, context) {
    const { file: name, compression } = plan;
    return context.sink.file(
      { name, mediaType: "application/vnd.efi.iso", compression },
      (image) => writeMedium(tree, plan, image, context),
    );
  },
});
