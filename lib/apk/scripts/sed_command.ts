import { type Io, NotUnderstood } from "../../shell/host.ts";
import { readFile } from "./reading_commands.ts";
import type { ScriptWorld } from "./script_world.ts";

/** A substitution whose pattern means the same in JavaScript as in sed. */
interface Substitution {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** `sed [-E] -e s/PATTERN/TEXT/… FILE`: whole substitutions of simple patterns, nothing else. */
export function sed(world: ScriptWorld, args: readonly string[], { input, out }: Io): number {
  const scripts: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (/^-[Er]?e$/.test(arg)) scripts.push(args[++i] ?? "");
    else if (arg === "-E" || arg === "-r") continue;
    else if (arg.startsWith("-")) throw new NotUnderstood(`sed ${args.join(" ")}`);
    else rest.push(arg);
  }
  if (scripts.length === 0) scripts.push(rest.shift() ?? "");
  const extended = args.some((arg) => /^-[Er]/.test(arg));
  const steps = scripts.map((script) => substitutionOf(script, extended));
  const [path, ...more] = rest;
  const text = path === undefined ? input() : readFile(world, path);
  if (text === undefined || more.length > 0) throw new NotUnderstood(`sed ${args.join(" ")}`);
  const ended = text.endsWith("\n") || text === "";
  const lines = (ended ? text.slice(0, -1) : text).split("\n");
  const changed = lines.map((line) =>
    steps.reduce((l, { pattern, replacement }) => l.replace(pattern, () => replacement), line)
  );
  if (text !== "") out(changed.join("\n") + (ended ? "\n" : ""));
  return 0;
}

function substitutionOf(script: string, extended: boolean): Substitution {
  const match = /^s([/|,])(.*)\1(.*)\1(g?)$/.exec(script);
  const [, delimiter, pattern = "", replacement = "", global] = match ?? [];
  // In a basic expression `?` and `+` are themselves.
  const known = extended ? /^\^?(?:[\w =:/#.-][?*+]?)+\$?$/ : /^\^?(?:[\w =:/#.-]\*?)+\$?$/;
  const cheap = pattern.length <= 200 && (pattern.match(/[*+?]/g)?.length ?? 0) <= 4;
  const plain = match && cheap && !replacement.includes(delimiter!) && !/[&\\\n]/.test(replacement);
  if (!plain || pattern.includes(delimiter!) || !known.test(pattern)) {
    throw new NotUnderstood(`sed ${script}`);
  }
  return { pattern: new RegExp(pattern, global === "g" ? "g" : ""), replacement };
}
