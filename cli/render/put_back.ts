import { canonicalJson } from "../../lib/json.ts";
import type { ApkDamage } from "../../lib/package_way/apk_damage.ts";
import { labelOf } from "../../lib/packages/package_change.ts";
import type { PutBack } from "../../lib/packages/put_back.ts";
import { changeValue } from "./package_change.ts";

/** What was found on a host, as lines. */
export function foundLines(host: string, { lacking, mended }: PutBack, damage?: ApkDamage): string {
  const lines = [
    ...lacking.map((item) => `lacks ${item}, which was kept`),
    ...mended.map(({ package: p }) => `repair ${labelOf(p)}`),
    ...(damage?.leftovers ?? []).map((path) => `apk was cut off: ${path}`),
  ];
  if (lines.length === 0) lines.push(damage ? "nothing is broken" : "has all that was kept");
  return lines.map((line) => `${host}: ${line}\n`).join("");
}

/** The same, and the change, as JSON. */
export function putBackJson(host: string, plan: PutBack, damage?: ApkDamage): string {
  const found = {
    lacking: plan.lacking,
    ...damage &&
      { broken: plan.mended.map((m) => labelOf(m.package)), leftovers: damage.leftovers },
  };
  return `${canonicalJson({ host, ...changeValue(plan.change), found }, 2)}\n`;
}
