import { ACCOUNT_FACTS } from "./account_facts.ts";
import { BASE_FACTS } from "./base_facts.ts";
import { INDEX_FACTS } from "./index_facts.ts";
import { KERNEL_FACTS } from "./kernel_facts.ts";
import type { ScriptFact } from "./script_fact.ts";
import { SERVICE_FACTS } from "./service_facts.ts";

/**
 * Every script of Alpine's packages that somebody has looked at: those of the 3.19.1 repository
 * and of the 3.20.3 root, and those of aports that a desktop or a server may bring. Only what a
 * fresh install runs.
 */
export const SCRIPT_FACTS: readonly ScriptFact[] = [
  ...ACCOUNT_FACTS,
  ...BASE_FACTS,
  ...INDEX_FACTS,
  ...KERNEL_FACTS,
  ...SERVICE_FACTS,
];

/** A script of our own that does what a package's newest one does; undefined where it has none. */
export function ownScript(name: string, script: ScriptFact["script"]): string | undefined {
  return SCRIPT_FACTS.find((f) => f.package === name && f.script === script)?.own[0];
}
