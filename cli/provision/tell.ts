import type { Env } from "../../lib/env.ts";
import { formatError, printable } from "../../lib/errors.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { errorJson } from "../render/error_json.ts";
import type { ProvisionPlan } from "../../lib/provision/plan.ts";
import type { ProvisionOutcome } from "../../lib/provision/provision.ts";

/** Shows all that will be done, each host's part by itself. */
export function tellPlans(
  plans: readonly ProvisionPlan[],
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
  env: Env,
): void {
  if (json) {
    const values = plans.map(planJson);
    const shown = values.length === 1 ? values[0] : values;
    return dryRun ? env.stdout.write(`${canonicalJson(shown, 2)}\n`) : undefined;
  }
  const lines = plans.flatMap(({ request, image, steps, warnings }) => [
    plans.length === 1 ? "This will be done:" : `This will be done for ${request.name}:`,
    ...steps.map(({ title }, i) => `  ${i + 1}. ${title}`),
    imageLine(image),
    ...warnings.map((warning) => `warning: ${warning}`),
  ]);
  const text = lines.map((line) => `${printable(line)}\n`).join("");
  (dryRun ? env.stdout : env.notes).write(text);
}

function planJson({ request, image, target, steps, warnings }: ProvisionPlan) {
  const { name, role } = request;
  const { path, size, signer, made } = image;
  return {
    host: name,
    role,
    image: { path, size, signer, ...made },
    target: target.description,
    steps: steps.map(({ title }) => title),
    warnings,
  };
}

function imageLine({ path, signer, made }: ProvisionPlan["image"]): string {
  const of = made === undefined ? "" : ` of ${made.system} for ${made.arch}`;
  const signed = signer === undefined ? "digest" : `digest and signature (${signer})`;
  return `It will use image ${path}${of}, ${signed} checked.`;
}

/** Tells what became of each host and what its user does next; some failed: exit status 3. */
export function tellAfterwards(
  outcomes: readonly ProvisionOutcome[],
  plans: readonly ProvisionPlan[],
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): void {
  if (outcomes.some(({ result }) => result.kind === "failed")) ending.code = 3;
  if (ending.json) {
    const values = outcomes.map(outcomeJson);
    const shown = values.length === 1 ? values[0] : values;
    return env.stdout.write(`${canonicalJson(shown, 2)}\n`);
  }
  for (const [i, { host: { name }, result }] of outcomes.entries()) {
    if (result.kind === "failed") {
      env.stderr.write(`${printable(name)} was not made.\n${formatError(result.error)}\n`);
    } else env.stdout.write(nextSteps(name, result.value.address, plans[i]!));
  }
}

function outcomeJson({ host: { name }, result }: ProvisionOutcome) {
  return result.kind === "done"
    ? { host: name, address: result.value.address, state: "ready" }
    : { host: name, state: "failed", error: errorJson(result.error) };
}

function nextSteps(name: string, address: string, { request }: ProvisionPlan): string {
  const made = `${name} is made; its address is ${address}.\n`;
  if (request.target.kind === "file") {
    return made + printable(
      `Its card is the file ${request.target.path}, with the host's keys in it: ` +
        `copy it to a card, byte for byte, or start a virtual machine from it.\n` +
        `A card that was copied is checked by: ` +
        `tower provision ${name} --verify-only --boot-device /dev/sdX\n`,
    );
  }
  const side = request.role === "offline" ? "offline" : "online";
  return `${made}Put the card into it, plug it into the ${side} switch and turn it on.\n` +
    `Then: tower status ${name}, tower ssh ${name}\n`;
}
