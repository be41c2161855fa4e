/**
 * Writes docs/manifest.schema.json and docs/manifest.md from the table that decodes manifests;
 * with `--check` it only says whether the files are still what the table gives.
 */
import { fromFileUrl, join } from "@std/path";
import { z } from "zod";
import { manifestDocument } from "../build/manifest/schema.ts";
import { type JsonSchema, manifestReference } from "./schema/reference.ts";

/** JSON Schema (draft 2020-12) of what a manifest file may hold. */
const schema = {
  title: "Tower manifest",
  ...z.toJSONSchema(manifestDocument, { io: "input", unrepresentable: "any" }),
};
const files = {
  "manifest.schema.json": JSON.stringify(schema, null, 2) + "\n",
  "manifest.md": manifestReference(schema as JsonSchema),
};

const folder = join(fromFileUrl(new URL("..", import.meta.url)), "docs");
let code = 0;
for (const [name, text] of Object.entries(files)) {
  const path = join(folder, name);
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(path, text);
  else if (Deno.readTextFileSync(path) !== text) {
    Deno.stderr.writeSync(
      new TextEncoder().encode(`docs/${name} is out of date: run deno task schema\n`),
    );
    code = 1;
  }
}
Deno.exit(code);
