import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadRules, positionOfHost, rulesFact, wantedRules } from "../../../lib/fleet/firewall.ts";
import { testHost } from "../../../lib/fleet/test_host.ts";
import { SETUP } from "../../../lib/fleet/thin_client_setup.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "shellcheck");
const PROJECT = fromFileUrl(new URL("../../..", import.meta.url));

/** How scripts of a folder are looked at: the longest beginning of a path that fits. */
interface Way {
  readonly shell: "sh" | "dash";
  /** What is meant as it is. */
  readonly allowed: readonly string[];
}

/**
 * Scripts of an image are busybox' ash, which dash is nearest to: it has `read -t`, `set -o pipefail`
 * and `local`. Each is read into another's shell (SC1091, SC2034, SC2154), names of devices have no
 * blanks (SC2013, SC2045, SC2046, SC2086), and comments that would say so would be bytes of the image.
 */
const IMAGE: Way = {
  shell: "dash",
  allowed: [
    ...["SC1091", "SC2034", "SC2154", "SC2013", "SC2045", "SC2046", "SC2086"],
    ...["SC2015", "SC2016", "SC2174", "SC3040", "SC3045"],
  ],
};
const WAYS: Readonly<Record<string, Way>> = {
  "build/": IMAGE,
  "lib/": { shell: "sh", allowed: [] },
  // Put behind an image's script, of whose variables some are.
  "tests/support/": IMAGE,
  // OpenRC reads `description`, and has busybox' shell.
  "lib/fleet/scripts/tower-cards.sh": { shell: "dash", allowed: ["SC2034"] },
};

/** The project's own folders. */
const ROOMS = ["build", "cli", "lib", "tasks", "tests"];

/** Paths from the project's root. */
function scriptsIn(folder: string): string[] {
  return [...Deno.readDirSync(`${PROJECT}/${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? scriptsIn(`${folder}/${name}`) : name.endsWith(".sh") ? [`${folder}/${name}`] : []
  );
}

function wayOf(path: string): Way {
  const [, way] = Object.entries(WAYS).filter(([start]) => path.startsWith(start))
    .toSorted(([a], [b]) => b.length - a.length)[0] ?? [];
  if (way === undefined) throw new Error(`nobody says how ${path} is to be looked at`);
  return way;
}

/** What ShellCheck has to say of a script, a line each. */
async function faultsOf(script: string, { shell, allowed }: Way): Promise<string[]> {
  const exclude = allowed.length === 0 ? [] : [`--exclude=${allowed.join(",")}`];
  const { stdout } = await runner.run({
    argv: ["shellcheck", `--shell=${shell}`, "--format=gcc", ...exclude, "-"],
    stdin: new TextEncoder().encode(script),
    okCodes: [0, 1],
  });
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test({
  ...named("ShellCheck finds no fault in the project's shell scripts", missing),
  async fn(t) {
    const paths = ROOMS.flatMap((room) => scriptsIn(room));
    assertEquals(paths.includes("lib/fleet/scripts/firewall_load.sh"), true);
    for (const path of paths) {
      await t.step(path, async () => {
        const text = Deno.readTextFileSync(`${PROJECT}/${path}`);
        assertEquals(await faultsOf(text, wayOf(path)), []);
      });
    }
  },
});

Deno.test({
  ...named("nor in those that are put together of them", missing),
  async fn() {
    const wanted = wantedRules(positionOfHost(testHost("web").env), undefined);
    const load = loadRules(wanted, { token: "a1", timeout: 5 });
    const guard = new TextDecoder().decode(load.stdin).split("\n")
      .flatMap((line) => line.startsWith("guard|") ? [line.slice(6)] : []).join("\n");
    const scripts = {
      look: rulesFact(wanted).script,
      load: load.argv[2]!,
      guard,
      setup: SETUP.script,
    };
    for (const [name, script] of Object.entries(scripts)) {
      // Whole ones need no word on what other parts have, but for what not all of them use.
      const text = script.replaceAll(/^# shellcheck .*\n/gm, "");
      const way = {
        shell: "sh",
        allowed: ["SC2015", "SC2034", "SC2119", "SC2120", "SC2317"],
      } as const;
      assertEquals([name, await faultsOf(text, way)], [name, []]);
    }
  },
});
