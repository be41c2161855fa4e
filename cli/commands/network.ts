import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `network`: the thin client's own cards. */
export function networkCommand(env: Env, ending: Ending) {
  const network = new Command("network")
    .description("Show and set up this machine's cards, as the thin client of two networks.");
  network.addCommand(
    new Command("show")
      .description("Show the cards, their networks and addresses, and what is wrong with them.")
      .option("--json", "as JSON", false)
      .action(async (options) => {
        const { showNetwork } = await import("../thin_client_network.ts");
        await showNetwork(options, env);
      }),
  );
  network.addCommand(
    new Command("apply")
      .description(
        "Tie eth0 and eth1 to two cards and give them the thin client's fixed addresses, now and " +
          "at every start (OpenRC; only root may). Without options the cards stay as they are.",
      )
      .option("--online <card>", "the online network's card, by name or hardware address")
      .option("--offline <card>", "the offline network's")
      .option(
        "--one-cable",
        "one card for both networks: nothing but the hosts keeps them apart",
        false,
      )
      .option("--gateway", "let this machine reach the Internet through the router", false)
      .option("--dry-run", "show what differs", false)
      .option("--json", "as JSON", false)
      .action(async (options) => {
        const { setUpNetwork } = await import("../thin_client_network.ts");
        await setUpNetwork(options, env, ending);
      }),
  );
  return network;
}
