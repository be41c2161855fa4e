import { NotUnderstood } from "../../shell/host.ts";
import { type Entry, sizeOf } from "../../tree/entry.ts";
import { readablePath, type ScriptWorld } from "./script_world.ts";

/** `test EXPRESSION` and `[ EXPRESSION ]` (XCU test), for root. */
export function testCommand(world: ScriptWorld, args: readonly string[]): boolean {
  const [first, second, third, ...more] = args;
  if (args.length === 0) return false;
  if (args.length === 1) return first !== "";
  if (first === "!" && (args.length < 4 || args.length === 4)) {
    // With three arguments, a binary operator in the middle comes first (XCU test).
    if (args.length !== 3 || !isBinary(second!)) return !testCommand(world, args.slice(1));
  }
  if (args.length === 2) return unary(world, first!, second!);
  if (args.length === 3) return binary(first!, second!, third!);
  throw new NotUnderstood(`[ ${[first, second, third, ...more].join(" ")} ]`);
}

const BINARY: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "-eq": (a, b) => integer(a) === integer(b),
  "-ne": (a, b) => integer(a) !== integer(b),
  "-lt": (a, b) => integer(a) < integer(b),
  "-le": (a, b) => integer(a) <= integer(b),
  "-gt": (a, b) => integer(a) > integer(b),
  "-ge": (a, b) => integer(a) >= integer(b),
};

function isBinary(operator: string): boolean {
  return Object.hasOwn(BINARY, operator) || /^-(?:a|o|nt|ot|ef)$/.test(operator);
}

function binary(a: string, operator: string, b: string): boolean {
  const compare = Object.hasOwn(BINARY, operator) ? BINARY[operator] : undefined;
  if (compare === undefined) throw new NotUnderstood(`[ ${a} ${operator} ${b} ]`);
  return compare(a, b);
}

function integer(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new NotUnderstood(`number ${JSON.stringify(text)}`);
  return Number(text);
}

/** What an entry that a path reaches is like. Root reads and writes everything. */
const KINDS: Readonly<Record<string, (entry: Entry) => boolean>> = {
  "-e": () => true,
  "-r": () => true,
  "-w": () => true,
  "-f": (e) => e.type === "file",
  "-d": (e) => e.type === "directory",
  "-p": (e) => e.type === "fifo",
  // A tree holds no sockets.
  "-S": () => false,
  // How large a directory is, its file system says.
  "-s": (e) => {
    if (e.type !== "file") throw new NotUnderstood("[ -s ] of a directory");
    return sizeOf(e.content) > 0;
  },
  "-c": (e) => e.type === "char",
  "-b": (e) => e.type === "block",
  "-x": (e) => e.type === "directory" || (e.mode & 0o111) !== 0,
  "-u": (e) => (e.mode & 0o4000) !== 0,
  "-g": (e) => (e.mode & 0o2000) !== 0,
  "-k": (e) => (e.mode & 0o1000) !== 0,
};

function unary(world: ScriptWorld, operator: string, value: string): boolean {
  if (operator === "-n") return value !== "";
  if (operator === "-z") return value === "";
  if (value === "" && (operator === "-L" || operator === "-h" || Object.hasOwn(KINDS, operator))) {
    return false;
  }
  if (operator === "-L" || operator === "-h") {
    if (value.endsWith("/")) throw new NotUnderstood(`[ ${operator} ${value} ]`);
    return world.lookAt(readablePath(value))?.type === "symlink";
  }
  const kind = Object.hasOwn(KINDS, operator) ? KINDS[operator] : undefined;
  if (kind === undefined) throw new NotUnderstood(`[ ${operator} ${value} ]`);
  const entry = world.look(readablePath(value));
  if (value.endsWith("/") && entry?.type !== "directory") return false;
  return entry !== undefined && kind(entry);
}
