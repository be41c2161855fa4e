import type { Breathe } from "../breathe.ts";
import { type ModuleGraph, moduleGraph } from "./dependencies.ts";
import { inHashOrder } from "./hash_order.ts";
import { IndexFile } from "./index_file.ts";
import { infoOf, type KernelModule, moduleName } from "./module.ts";
import { listFile, type ModuleDirectory, readModules } from "./module_directory.ts";

/** Buckets of the table in which kmod keeps symbols. */
const SYMBOL_BUCKETS = 2048;

/** What depmod makes of a directory: the graph, and files by name with their bytes. */
export interface Depmod {
  readonly graph: ModuleGraph;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Does what `depmod RELEASE` does, with the same bytes as kmod 30 (tools/depmod.c) without
 * configuration: `modules.dep`, `.alias`, `.softdep`, `.symbols`, `.devname` and the `.bin`
 * indexes. Reads only tables of each module, not its code.
 *
 * @throws {TowerError} `malformed`, `unsupported`, `limit` for a module that cannot be read.
 */
export async function depmod(directory: ModuleDirectory, breathe: Breathe): Promise<Depmod> {
  const graph = moduleGraph(await readModules(directory, breathe));
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const put = async (name: string, content: string | IndexFile) => {
    const isText = typeof content === "string";
    files.set(name, isText ? new TextEncoder().encode(content) : content.toBytes());
    await breathe();
  };
  await put("modules.dep", graph.modules.map((m) => `${dependencyLine(graph, m)}\n`).join(""));
  await put("modules.dep.bin", dependencyIndex(graph));
  await put("modules.alias", aliasText(graph.modules));
  await put("modules.alias.bin", await aliasIndex(graph.modules, breathe));
  await put("modules.softdep", softdepText(graph.modules));
  const symbols = inHashOrder(graph.owners.keys(), SYMBOL_BUCKETS);
  await put("modules.symbols", symbolText(graph, symbols));
  await put("modules.symbols.bin", await symbolIndex(graph, symbols, breathe));
  await put("modules.builtin.bin", builtinIndex(listFile(directory, "modules.builtin")));
  await put(
    "modules.builtin.alias.bin",
    builtinAliasIndex(listFile(directory, "modules.builtin.modinfo")),
  );
  await put("modules.devname", devnameText(graph.modules));
  return { graph, files };
}

function dependencyLine(graph: ModuleGraph, module: KernelModule): string {
  return `${module.path}:${graph.needs.get(module)!.map((m) => ` ${m.path}`).join("")}`;
}

function dependencyIndex(graph: ModuleGraph): IndexFile {
  const index = new IndexFile();
  graph.modules.forEach((m, i) => index.add(m.name, dependencyLine(graph, m), i));
  return index;
}

function aliasText(modules: readonly KernelModule[]): string {
  const lines = modules.flatMap((m) => infoOf(m, "alias").map((a) => `alias ${a} ${m.name}\n`));
  return `# Aliases extracted from modules themselves.\n${lines.join("")}`;
}

async function aliasIndex(
  modules: readonly KernelModule[],
  breathe: Breathe,
): Promise<IndexFile> {
  const index = new IndexFile();
  for (const [i, m] of modules.entries()) {
    await breathe();
    for (const alias of infoOf(m, "alias")) {
      const key = normalAlias(alias);
      if (key !== undefined) index.add(key, m.name, i);
    }
  }
  return index;
}

/** An alias with `-` as `_` outside of brackets; undefined where brackets do not match. */
export function normalAlias(alias: string): string | undefined {
  let out = "";
  for (let at = 0; at < alias.length; at++) {
    const c = alias[at]!;
    if (c === "]") return undefined;
    if (c !== "[") {
      out += c === "-" ? "_" : c;
      continue;
    }
    const end = alias.indexOf("]", at);
    if (end < 0) return undefined;
    out += alias.slice(at, end + 1);
    at = end;
  }
  return out;
}

function softdepText(modules: readonly KernelModule[]): string {
  const lines = modules.flatMap((m) => infoOf(m, "softdep").map((d) => `softdep ${m.name} ${d}\n`));
  return `# Soft dependencies extracted from modules themselves.\n${lines.join("")}`;
}

function symbolText(graph: ModuleGraph, symbols: readonly string[]): string {
  const lines = symbols.map((s) => `alias symbol:${s} ${graph.owners.get(s)!.name}\n`);
  return `# Aliases for symbols, used by symbol_request().\n${lines.join("")}`;
}

async function symbolIndex(
  graph: ModuleGraph,
  symbols: readonly string[],
  breathe: Breathe,
): Promise<IndexFile> {
  const index = new IndexFile();
  const priority = new Map(graph.modules.map((m, i) => [m, i]));
  for (const symbol of symbols) {
    const owner = graph.owners.get(symbol)!;
    index.add(`symbol:${symbol}`, owner.name, priority.get(owner)!);
    await breathe();
  }
  return index;
}

/** From `modules.builtin`: a path per line of what is part of the kernel itself. */
function builtinIndex(list: string | undefined): IndexFile | string {
  if (list === undefined) return "";
  const index = new IndexFile();
  for (const line of list.split("\n")) {
    if (/^[A-Za-z]/.test(line)) index.add(moduleName(line), "", 0);
  }
  return index;
}

/** From `modules.builtin.modinfo`: `MODULE.KEY=VALUE`, each ended by a NUL. */
function builtinAliasIndex(list: string | undefined): IndexFile | string {
  if (list === undefined) return "";
  const index = new IndexFile();
  for (const record of list.split("\0")) {
    const match = /^([^.=]+)\.alias=(.+)$/s.exec(record);
    const key = match && normalAlias(match[2]!);
    if (match && key) index.add(key, match[1]!, 0);
  }
  return index;
}

/** Device nodes whose opening loads a module: what devtmpfs is told before the module is there. */
function devnameText(modules: readonly KernelModule[]): string {
  const lines = modules.flatMap((m) => devnameLine(m) ?? []);
  if (lines.length === 0) return "";
  return `# Device nodes to trigger on-demand module loading.\n${lines.join("")}`;
}

function devnameLine(module: KernelModule): string | undefined {
  let name: string | undefined, device: string | undefined;
  for (const alias of infoOf(module, "alias")) {
    const number = /^(char|block)-major-(\d+)-(\d+)/.exec(alias);
    if (alias.startsWith("devname:")) name = alias.slice("devname:".length);
    else if (number) device = `${number[1]![0]}${Number(number[2])}:${Number(number[3])}`;
    if (name !== undefined && device !== undefined) break;
  }
  return name === undefined || device === undefined
    ? undefined
    : `${module.name} ${name} ${device}\n`;
}
