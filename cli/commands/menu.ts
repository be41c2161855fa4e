import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `menu [HOST…]`: the entries of hosts' programs in this user's menu. */
export function menuCommand(env: Env, ending: Ending) {
  return new Command("menu")
    .description("Write the menu entries of all hosts' programs anew, and list them.")
    .argument("[host...]", "with --ask: those that are asked, all by default")
    .option("--ask", "ask hosts for their packages first, for those installed otherwise", false)
    .option("--dry-run", "show what would change", false)
    .option("--json", "as JSON", false)
    .action(async (hosts, options) => {
      const { writeMenus } = await import("../menu/menu.ts");
      await writeMenus(hosts, options, { env, ending });
    });
}
