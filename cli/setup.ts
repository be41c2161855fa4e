import { resolve } from "@std/path";
import { ALPHABET } from "../lib/accounts/sha512_crypt.ts";
import { describeDevice } from "../lib/disk/devices.ts";
import type { Env } from "../lib/env.ts";
import { printable } from "../lib/errors.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Ending } from "../lib/program/ending.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { formatBytes } from "../lib/report/quantity.ts";
import { readSetupAnswers } from "../lib/setup/answers.ts";
import { diskChoices } from "../lib/setup/choices.ts";
import { PARTITIONS } from "../lib/setup/layout.ts";
import { openLiveMedium } from "../lib/setup/live_medium.ts";
import { planSetup, requireMachine, type SetupPlan } from "../lib/setup/plan.ts";
import { setUp } from "../lib/setup/setup.ts";
import { askSetup, requireScreen } from "./ask_setup.ts";
import { requireRoot } from "./this_machine.ts";

interface SetupOptions {
  readonly answers?: string | undefined;
  /** Whether what the answers leave out is asked. */
  readonly ask: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** The command `setup`, from its options to its exit. */
export async function runSetup(
  { answers, ask, dryRun, json }: SetupOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  const salt = newSalt();
  const isAsked = ask || answers === undefined;
  if (isAsked) requireScreen(env);
  const read = isAsked ? undefined : readSetupAnswers(resolve(env.cwd, answers), salt);
  const words = [
    ...answers === undefined ? [] : [" --answers ", answers],
    ...ask ? [" --ask"] : [],
  ];
  await requireRoot(env, "set up a thin client", `tower setup${words.join("")}`);
  requireMachine(env);
  await using medium = await openLiveMedium(env);
  const disks = () => diskChoices(medium, env);
  const wish = read ?? await askSetup({ answers, isDryRun: dryRun, salt, disks }, env);
  using owned = new DisposableStack();
  const plan = await planSetup(wish, medium, env, owned);
  if (dryRun || !json) tell(plan, dryRun, ending.json, env);
  if (dryRun) return;
  using reporter = reporterFor(env, json);
  await setUp(plan, medium, { ...env, reporter });
  if (json) {
    return env.stdout.write(`${canonicalJson({ ...planJson(plan), state: "set up" }, 2)}\n`);
  }
  env.stdout.write(
    printable(
      `The thin client "${wish.settings.hostname}" is on ${plan.disk.path}. Take the medium out, and start ` +
        `this machine anew: doas reboot\n`,
    ),
  );
}

/** 16 characters of crypt's alphabet. */
function newSalt(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => ALPHABET[byte & 63]).join(
    "",
  );
}

function tell(plan: SetupPlan, dryRun: boolean, json: boolean, env: Env): void {
  if (json) {
    return env.stdout.write(`${canonicalJson({ ...planJson(plan), state: "planned" }, 2)}\n`);
  }
  const { disk, state, layout, wish: { settings, passphrase } } = plan;
  const was = {
    empty: "it is empty",
    begun: "a setup was begun on it",
    used: `all data on it are lost: ${state.kind === "used" ? state.what : ""}`,
  }[state.kind];
  const data = passphrase === undefined ? "home and settings" : "home and settings, encrypted";
  const lines = [
    `This will set up a thin client on ${describeDevice(disk)}; ${was}.`,
    ...PARTITIONS.map((name) =>
      `  ${name.padEnd(8)} ${formatBytes(layout[name].size)}${name === "data" ? `: ${data}` : ""}`
    ),
    `User ${settings.username} of ${settings.hostname}; keyboard ${settings.keyboardVariant}, ` +
    `time zone ${settings.timezone}, language ${settings.lang}.`,
  ];
  const text = lines.map((line) => `${printable(line)}\n`).join("");
  (dryRun ? env.stdout : env.notes).write(text);
}

/** Without any secret. */
function planJson({ disk, state, layout, wish }: SetupPlan) {
  const { passwordHash: _, ...settings } = wish.settings;
  const { path, model, serial, size } = disk;
  return {
    disk: { path, model, serial, size, holds: state },
    partitions: PARTITIONS.map((name) => layout[name]),
    encrypted: wish.passphrase !== undefined,
    settings,
  };
}
