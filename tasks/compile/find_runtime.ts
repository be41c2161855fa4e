import { TowerError } from "../../lib/errors.ts";
import { findDenort } from "./denort.ts";
import type { Machine } from "./elf_layout.ts";
import { fetchNpmRuntime } from "./npm_runtime.ts";
import type { Runtime, RuntimeContext } from "./runtime.ts";

/**
 * Gets the runtime for a machine: `denort`, where Deno has it or can download it, else the `deno`
 * of npm's registry. It is said which.
 *
 * @throws {TowerError} `not-found` where there is none.
 */
export async function findRuntime(machine: Machine, context: RuntimeContext): Promise<Runtime> {
  const { kind, version, say } = context;
  if (kind !== "deno") {
    const search = await findDenort(machine, context);
    if ("found" in search) {
      say(`${machine}: deno compile with denort ${version} (${search.found.origin})`);
      return search.found;
    }
    if (kind === "denort") {
      throw new TowerError("not-found", `Cannot find denort for ${machine}: ${search.why}`, {
        hint: "name a file by DENORT_BIN, or let npm's deno do: --runtime deno",
      });
    }
    say(`${machine}: no denort ${version}: ${search.why}`);
  }
  const runtime = await fetchNpmRuntime(machine, context);
  say(`${machine}: deno ${version} of npm, with the program as its script`);
  return runtime;
}
