import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { THIN_CLIENT } from "../../lib/firewall/tower_network.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { repositoryFiles } from "../../lib/package_way/repository_files.ts";
import { labelOf } from "../../lib/packages/package_change.ts";
import { untilAborted } from "../../lib/proc/until_aborted.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { jsonLine } from "../../lib/report/json_reporter.ts";
import { shownUrl } from "../../lib/report/shown_url.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { remoteCommand } from "../../lib/ssh/remote_command.ts";
import { hostMachine } from "./host_machine.ts";
import { apkStateOf, openLooking, openSources, type SourceOptions } from "./host_sources.ts";
import { offerFiles, repositoryOptions } from "./offered_port.ts";

/** Seconds that apk waits for bytes: a package is here whole before its first byte goes on. */
const APK_TIMEOUT = "3600";

/**
 * Offers a host's repositories to apk on that host, until something ends it.
 * @throws {TowerError} `interrupted` by Ctrl-C and other signals, `unreachable` where the line is lost.
 */
export async function tunnelApk(
  name: string,
  options: SourceOptions & { readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<never> {
  if (name === THIN_CLIENT) {
    throw new TowerError("unsupported", `Cannot open a tunnel to "${name}": it is this machine`, {
      hint: `It gets packages by: tower install ${name} PACKAGE…`,
    });
  }
  const fleet = await openFleet(env);
  const host = hostMachine(fleet, findHost(fleet.inventory, name));
  if (options.json) ending.json = true;
  using reporter = reporterFor(env, options.json);
  await using looking = openLooking(env, fleet, reporter);
  const { scope } = looking;
  const state = await apkStateOf(host);
  const { sources, context, remember } = await openSources(host, state, options, looking);
  await remember();
  const files = repositoryFiles(sources, context, (item) => {
    reporter.report({ type: "info", message: `${host.name} asks for ${labelOf(item)}` });
  });
  const port = await offerFiles(host, files, { scope, reporter });
  const argv = ["doas", "apk", "--repositories-file", "/dev/null", "--no-cache"] as const;
  const line = [...argv, "--timeout", APK_TIMEOUT, ...repositoryOptions(sources, port)] as const;
  if (options.json) env.stdout.write(jsonLine({ host: host.name, port, argv: line }));
  else {
    const advice = [
      `"${host.name}" may take from ${sources.map(({ url }) => shownUrl(url)).join(", ")}`,
      "Until Ctrl-C apk works there with this line and its command behind it, such as add PACKAGE:",
    ];
    env.notes.write(`${advice.join("\n")}\n`);
    env.stdout.write(`${remoteCommand([...line])}\n`);
  }
  return await untilAborted(new Promise<never>(() => {}), scope.signal);
}
