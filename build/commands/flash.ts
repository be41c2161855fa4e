import { Command, Option } from "@commander-js/extra-typings";
import { ARCHES } from "../../lib/brand.ts";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `flash IMAGE DEVICE`: an image on a card or stick. */
export function flashCommand(env: Env, ending: Ending) {
  return new Command("flash")
    .description("Write an image to a card or stick, whose data is lost, and read it back.")
    .argument("<image>", "a disk image with its SHA256SUMS beside it; or a system that was built")
    .argument("<device>", "the whole device, such as /dev/sdb")
    .addOption(new Option("--arch <arch>", "of a system built for several").choices(ARCHES))
    .option(
      "--signers <file>",
      "public keys of which one must have signed the image (default: image_signers in ~/.local/tower)",
    )
    .option("--allow-fixed-disk", "take a device that is built in, not removable", false)
    .option("--zero-device", "write zeros over the whole device first", false)
    .option("--no-confirm", "do not ask")
    .option("--dry-run", "show what would be done", false)
    .option("--json", "events on stderr and the result on stdout as JSON", false)
    .action(async (image, device, options) => {
      const { flashImage } = await import("../media/flash.ts");
      const { arch, signers, confirm, dryRun, json } = options;
      const { allowFixedDisk: allowFixed, zeroDevice: isZeroed } = options;
      const asked = { image, device, arch, signers, allowFixed, isZeroed, confirm };
      await flashImage({ ...asked, dryRun, json }, env, ending);
    });
}
