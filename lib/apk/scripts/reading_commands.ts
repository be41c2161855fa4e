import { CommandFailure, type Io, NotUnderstood } from "../../shell/host.ts";
import { textOf } from "../../tree/content.ts";
import { nameOf } from "../../tree/file_tree.ts";
import { parseOptions } from "./options.ts";
import { readablePath, type ScriptWorld } from "./script_world.ts";

/** Largest file that a script may read. */
const MAX_FILE = 1 << 20;

/** A command that only looks and prints. @returns Its exit status. */
type Reading = (world: ScriptWorld, args: readonly string[], io: Io) => number;

export const READING: Readonly<Record<string, Reading>> = {
  cat(world, args, { input, out }) {
    if (args.some((arg) => arg.startsWith("-"))) throw new NotUnderstood(`cat ${args.join(" ")}`);
    const texts = args.length === 0 ? [input()] : args.map((path) => readFile(world, path));
    for (const text of texts) {
      if (text === undefined) throw new NotUnderstood("cat of what is typed");
      out(text);
    }
    return 0;
  },
  readlink(world, args, { out }) {
    const canonical = args[0] === "-f";
    const [path, ...more] = canonical ? args.slice(1) : args;
    if (path === undefined || path.startsWith("-") || more.length > 0) {
      throw new NotUnderstood(`readlink ${args.join(" ")}`);
    }
    // busybox says nothing about what is missing or no link.
    if (path === "") return 1;
    const found = canonical ? canonicalOf(world, path) : linkAt(world, path);
    if (found === undefined) return 1;
    out(`${found}\n`);
    return 0;
  },
  grep(world, args, { input, out }) {
    const parsed = parseOptions(args, "qsF");
    const [pattern, ...paths] = parsed?.rest ?? [];
    const text = pattern?.replace(/^\^/, "").replace(/\$$/, "") ?? "";
    if (!parsed || text === "" || paths.length > 1 || /[\\.*[\]^$\n]/.test(text)) {
      throw new NotUnderstood(`grep ${args.join(" ")}`);
    }
    if (parsed.options.has("F") && text !== pattern) throw new NotUnderstood(`grep ${pattern}`);
    const whole = paths[0] === undefined ? input() : readFile(world, paths[0]);
    if (whole === undefined) throw new NotUnderstood("grep of what is typed");
    const found = whole.replace(/\n$/, "").split("\n").filter((line) => {
      if (pattern!.startsWith("^") && pattern!.endsWith("$")) return line === text;
      if (pattern!.startsWith("^")) return line.startsWith(text);
      return pattern!.endsWith("$") ? line.endsWith(text) : line.includes(text);
    });
    if (!parsed.options.has("q")) out(found.map((line) => `${line}\n`).join(""));
    return found.length > 0 ? 0 : 1;
  },
  basename(_world, [path, suffix, ...more], { out }) {
    if (!path || path.endsWith("/") || more.length > 0) throw new NotUnderstood("basename");
    const name = nameOf(path);
    const cut = suffix && name !== suffix && name.endsWith(suffix) ? suffix.length : 0;
    out(`${name.slice(0, name.length - cut)}\n`);
    return 0;
  },
  dirname(_world, [path, ...more], { out }) {
    if (!path || path.endsWith("/") || path.includes("//") || more.length > 0) {
      throw new NotUnderstood("dirname");
    }
    const slash = path.lastIndexOf("/");
    out(`${slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash)}\n`);
    return 0;
  },
  id(_world, args, { out }) {
    if (!/^-[ug]$/.test(args.join(" "))) throw new NotUnderstood(`id ${args.join(" ")}`);
    out("0\n");
    return 0;
  },
  // What is on the disk when is nothing of the tree's.
  sync: () => 0,
};

/** What a file of the tree holds. @throws {CommandFailure} where there is none. */
export function readFile(world: ScriptWorld, path: string): string {
  const entry = path.endsWith("/") ? undefined : world.look(readablePath(path));
  if (entry?.type !== "file") throw new CommandFailure(`${path} is no file`);
  try {
    return textOf(world.reader, entry.content, MAX_FILE);
  } catch (error) {
    if (error instanceof RangeError) throw new NotUnderstood(`${path}, which is large`);
    throw error;
  }
}

function linkAt(world: ScriptWorld, path: string): string | undefined {
  if (path.endsWith("/")) throw new NotUnderstood(`readlink ${path}`);
  const entry = world.lookAt(readablePath(path));
  return entry?.type === "symlink" ? entry.target : undefined;
}

/** `readlink -f`: the last part may be missing. */
function canonicalOf(world: ScriptWorld, path: string): string | undefined {
  const tree = readablePath(path);
  const place = world.tree.resolve(tree);
  if (place === undefined) return undefined;
  const entry = world.tree.get(place);
  // Behind a link that leads nowhere, busybox forgets the folder that the link lies in.
  const leadsNowhere = entry === undefined && world.lookAt(tree)?.type === "symlink";
  if (leadsNowhere || (entry && world.isLater(entry))) {
    throw new NotUnderstood(`readlink -f ${path}`);
  }
  return `/${place}`;
}
