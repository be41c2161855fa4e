/**
 * Writes docs/manifest.schema.json from the table that decodes manifests; with `--check` it only
 * says whether the file is still what the table gives.
 */
import { z } from "zod";
import { fromFileUrl, join } from "@std/path";
import { manifestDocument } from "../build/manifest/schema.ts";

/** JSON Schema (draft 2020-12) of what a manifest file may hold. */
export function manifestSchema(): string {
  const schema = z.toJSONSchema(manifestDocument, { io: "input", unrepresentable: "any" });
  return JSON.stringify({ title: "Tower manifest", ...schema }, null, 2) + "\n";
}

if (import.meta.main) {
  const path = join(fromFileUrl(new URL("..", import.meta.url)), "docs", "manifest.schema.json");
  const wanted = manifestSchema();
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(path, wanted);
  else if (Deno.readTextFileSync(path) !== wanted) {
    await Deno.stderr.write(
      new TextEncoder().encode("docs/manifest.schema.json is out of date: run deno task schema\n"),
    );
    Deno.exit(1);
  }
}
