import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { COLOR_WORDS, colorCode } from "../../lib/tower_env/color_names.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `provision NAME…`: cards or image files that become hosts. */
export function provisionCommand(env: Env, ending: Ending) {
  return new Command("provision")
    .description("Make hosts: keys, settings, and a card each to start from.")
    .argument("<name...>", "1 to 15 of a-z, 0-9 and -; `router` is the one with Wi-Fi")
    .option(
      "--boot-device <path>",
      "the card or stick to write, whose data is lost; one for each host, in order (default: ask)",
      another,
    )
    .option("--device-file <path>", "write an image file instead of a device, likewise", another)
    .option("--allow-fixed-disk", "take a device that is built in, not removable")
    .option("--zero-device", "write zeros over the whole device first")
    .option("--image <path>", "image of a host (default: the newest build)")
    .option(
      "--signers <file>",
      "public keys of which one must have signed the image (default: image_signers in ~/.local/tower)",
    )
    .option("--online", "a host with Internet, through the router")
    .option("--offline", "a host without")
    .option("--wlan-ssid <name>", "Wi-Fi of the router")
    .option("--wlan-password <password>", "its password; better in --answers")
    .option("--public-key-path <file>", "your own login key instead of a new one")
    .option("--private-key-path <file>", "its private half")
    .option("--username <name>", "user on the host (default: you)")
    .option("--password <password>", "of user and root; better in --answers (default: random)")
    .option("--keyboard-layout <layout>", "such as us (default: this machine's)")
    .option("--keyboard-variant <variant>", "such as us-intl (default: this machine's)")
    .option("--timezone <zone>", "such as America/New_York (default: this machine's)")
    .option("--lang <language>", "such as en_US (default: this machine's)")
    .addOption(
      new Option("--color <name>", "of the prompt (default: the next)").choices(COLOR_WORDS)
        .argParser(color),
    )
    .option("--root-device <path>", "the host's disk for its encrypted system; auto: the only one")
    .option("--wipe-root-device", "let that disk be wiped, whatever it holds")
    .option(
      "--force",
      "make a host anew that exists, an online one without a router, or with no way to it",
    )
    .option(
      "--answers <file>",
      "YAML with any of these options by name, under `hosts` for each; those given here win",
    )
    .option("--no-confirm", "do not ask")
    .option(
      "--ifname <card>",
      "the card that reaches the host (default: eth0 online, eth1 offline)",
    )
    .option("--no-wait", "do not wait until the host is up")
    .addOption(
      new Option("--timeout <seconds>", "how long to wait; 0 is for ever").argParser(seconds)
        .default(600),
    )
    .option("--dry-run", "show what would be done", false)
    .option("--verify-only", "check image and medium of a host that was made; write nothing", false)
    .option("--json", "events on stderr and the result on stdout as JSON", false)
    .action(async (names, options) => {
      const { runProvision } = await import("../provision/run.ts");
      await runProvision(names, options, env, ending);
    });
}

/** An option that may be given once for each host. */
function another(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

/** A colour by its word or by TowerOS' name, such as "Light gray". */
function color(name: string): string {
  if (colorCode(name) !== undefined) return name;
  throw new InvalidArgumentError(`Allowed choices are ${COLOR_WORDS.join(", ")}.`);
}

function seconds(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError("It must be whole seconds.");
  return Number(text);
}
