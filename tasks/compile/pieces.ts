import { fromFileUrl } from "@std/path";
import { TowerError } from "../../lib/errors.ts";

/** Path of what reads the pieces of a program and runs them. */
export const LOADER_SOURCE = fromFileUrl(new URL("./loader/loader.ts", import.meta.url));

/** How `deno bundle` lets packages in CommonJS load Node's modules. */
const REQUIRE =
  /import \{ createRequire as __deno_internal_createRequire \} from "node:module";|__deno_internal_createRequire\(import\.meta\.url\)/g;
const OWN_FILE = /new URL\("(\.\/[^"]+)",\s*import\.meta\.url\)/g;

/**
 * Names what a `using` declares once more, before it: the minifier of `deno bundle` (esbuild 0.25.5)
 * puts the value of a variable that is used once in the place of its use, of `using` too, and what
 * should have been closed stays open (https://github.com/evanw/esbuild/issues/4482).
 */
export function keepUsing(text: string): string {
  return text.replace(/^( *)((?:await )?using (\w+) = )/gm, "$1() => $3;\n$1$2");
}

/**
 * Turns the modules of a bundle in pieces into functions that the loader can call.
 *
 * @param modules Texts by file name, as `deno bundle --code-splitting` makes them, not minified: they
 * import each other by name, Node's modules, and nothing else.
 * @param workers Parts that are started as workers, such as `./x_worker.ts`.
 * @param toFunctions Makes each CommonJS, minified, and leaves imports of `part:` as they are.
 * @throws {TowerError} `unsupported` for what a function cannot do.
 */
export async function functionsOf(
  modules: ReadonlyMap<string, string>,
  workers: readonly string[],
  toFunctions: (modules: ReadonlyMap<string, string>) => Promise<ReadonlyMap<string, string>>,
): Promise<Map<string, string>> {
  const named = new Map(
    [...modules].map(([name, text]) => [name, nameParts(text, modules, workers)]),
  );
  const functions = new Map<string, string>();
  for (const [name, text] of await toFunctions(named)) {
    functions.set(name, text.replaceAll('import("part:', 'load("part:'));
  }
  // The loader has a class of its own for commander, and for nobody else.
  const users = [...functions].filter(([, text]) => text.includes('require("node:events")'));
  if (users.length > 1) {
    throw new TowerError(
      "unsupported",
      `Cannot bundle: ${users.map(([name]) => name).join(", ")} ask for "node:events"`,
      { hint: "tasks/compile/loader/event_emitter.ts stands in for it" },
    );
  }
  return functions;
}

/** The parameters of a piece: what it gets from the loader. */
const PARAMETERS = "require,load,workerUrl,module,exports";

/**
 * Puts pieces that are always loaded together into one text, as each text that is read and compiled
 * takes its time: what the main piece needs, and what each piece needs that it may load first.
 *
 * @param main The name of the main piece.
 * @returns Texts that the loader calls for their pieces, by the names of those.
 */
export function groupsOf(
  functions: ReadonlyMap<string, string>,
  main: string,
): { readonly names: readonly string[]; readonly text: string }[] {
  const done = new Set<string>();
  const needs = (name: string): string[] => {
    if (done.has(name)) return [];
    done.add(name);
    return [name, ...namesIn(functions.get(name)!, /require\("part:([^"]+)"\)/g).flatMap(needs)];
  };
  const first = [main, ...namesIn(functions.get(main)!, /load\("part:([^"]+)"\)/g)].map(needs);
  const rest = [...functions.keys()].filter((name) => !done.has(name)).map((name) => [name]);
  return [...first, ...rest].filter((names) => names.length > 0).map((names) => {
    // In parentheses a function is compiled at once, and not looked through first.
    const pieces = names.map((name) =>
      `${JSON.stringify(name)}:(function(${PARAMETERS}){${functions.get(name)}\n})`
    );
    return { names, text: `return{${pieces.join(",\n")}}` };
  });
}

function namesIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), (found) => found[1]!);
}

function nameParts(
  text: string,
  modules: ReadonlyMap<string, string>,
  workers: readonly string[],
): string {
  const own = text
    .replace(/"\.\/([\w-]+\.js)"/g, (whole, name) => modules.has(name) ? `"part:${name}"` : whole)
    .replace(REQUIRE, (found) => found.startsWith("import") ? "" : "require")
    .replace(OWN_FILE, (whole, name) => workers.includes(name) ? `workerUrl("${name}")` : whole);
  return keepUsing(withoutOwnUrl(own));
}

/** Code for a place that has no URL which Node's modules take. What it names is not read there. */
export function withoutOwnUrl(text: string): string {
  return text.replaceAll("import.meta.url", '"file:///proc/none/main.js"');
}
