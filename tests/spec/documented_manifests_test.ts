/** The manifests that the README and the pages show are ones: what is typed off them is taken. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { manifestFiles } from "../../build/inputs/inputs.ts";
import { loadManifest } from "../../build/manifest/manifest.ts";
import { listDir } from "../../lib/files/files.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;
const PAGES = [
  "README.md",
  ...listDir("docs").filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];
/** A whole manifest; the other blocks are parts of one, or what another program reads. */
const MANIFEST = /^```yaml\n((?:#.*\n)?name: [^]*?)^```$/gm;

Deno.test("every manifest that a page shows can be read", () => {
  using folder = tempFolder();
  const read: string[] = [];
  for (const page of PAGES) {
    for (const [, text] of Deno.readTextFileSync(page).matchAll(MANIFEST)) {
      const file = join(folder.path, `${read.length}.yaml`);
      // Where a key of one's own goes stands the beginning of one.
      Deno.writeTextFileSync(file, text!.replaceAll(/"ssh-ed25519 [^"]*"/g, `"${KEY}"`));
      const { name, outputs } = loadManifest(file, manifestFiles(folder.path));
      assert(outputs.length > 0, `${page}: ${name}`);
      read.push(name);
    }
  }
  assertEquals(read.sort(), [
    "door",
    "guarded",
    "my-client",
    "my-host",
    "porch",
    "rescue",
    "rescue",
    "sealed",
  ]);
});
