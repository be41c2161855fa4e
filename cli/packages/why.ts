import { formatDependency } from "../../lib/apk/dependency.ts";
import { formatWhy, formatWhyNot } from "../../lib/apk/explain.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { absenceOf, reasonsOf } from "../../lib/packages/host_reasons.ts";
import { parseWanted } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { jsonLine } from "../../lib/report/json_reporter.ts";
import { apkStateOf, openLooking, openSources, type SourceOptions } from "./host_sources.ts";
import { openMachines } from "./machines.ts";

/** Says why a machine has a package; where it has not, what keeps it out. */
export async function explainPackage(
  name: string,
  text: string,
  options: SourceOptions & { readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const [wanted] = parseWanted([text]);
  const { fleet, find } = await openMachines(env);
  const machine = find(name);
  if (options.json) ending.json = true;
  using reporter = reporterFor(env, options.json);
  await using looking = openLooking(env, fleet, reporter);
  const state = await apkStateOf(machine);
  const sourcesToAsk = () =>
    openSources(machine, state, options, looking).catch((cause) => {
      if (!(cause instanceof TowerError) || cause.code === "interrupted") throw cause;
      const message = `Cannot say what keeps "${text}" from "${name}", which has it not`;
      throw new TowerError(cause.code, message, {
        cause,
        ...cause.hint === undefined ? {} : { hint: cause.hint },
      });
    });
  const question = { host: name, package: formatDependency(wanted!) };
  const reasons = reasonsOf(wanted!, state);
  if (reasons !== undefined) {
    const { ways, more } = reasons;
    if (options.json) {
      return env.stdout.write(jsonLine({ ...question, installed: true, ways, more }));
    }
    if (ways.length === 0) {
      return env.stdout.write(`${text} is installed, and nothing of the world leads to it\n`);
    }
    env.stdout.write(`${formatWhy(text, ways)}\n`);
    if (more) env.stdout.write("and by more items of the world\n");
    return;
  }
  const { sources } = await sourcesToAsk();
  const absence = absenceOf(wanted!, state, sources);
  if (options.json) return env.stdout.write(jsonLine({ ...question, installed: false, absence }));
  // What apk began and did not end: its world has it, and nothing brought it.
  const answer = absence.kind === "installed"
    ? `the world asks for it, and it is not there; tower install ${name} ${question.package} ` +
      `brings ${absence.package}`
    : formatWhyNot(wanted!, absence);
  env.stdout.write(`${answer}\n`);
}
