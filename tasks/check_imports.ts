/** Checks who imports whom, and what stands where: docs/architecture.md. Exits 1 on a violation. */
import { fromFileUrl } from "@std/path";
import { type Violation, violationsOf } from "./imports/rules.ts";

const FOLDERS = ["lib", "build", "cli", "tasks", "tests"];

const root = fromFileUrl(new URL("..", import.meta.url));
const sources = new Map<string, string>();
for (const folder of FOLDERS) readSources(folder);
const violations = violationsOf(sources);
for (const violation of violations) print(format(violation));
print(`${sources.size} files, ${violations.length} violations`);
Deno.exit(violations.length === 0 ? 0 : 1);

function readSources(folder: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(`${root}/${folder}`)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}/${name}`;
    if (isDirectory) readSources(path);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) {
      sources.set(path, Deno.readTextFileSync(`${root}/${path}`));
    }
  }
}

function format({ file, line, text }: Violation): string {
  return `${file}:${line}: ${text}`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
