import type { CLibrary } from "./c_library.ts";
import type { Runtime } from "./runtime.ts";

/** What is embedded beside our own code, with its terms. */
export function formatNotices(
  { runtime, library, npm }: {
    runtime: Runtime;
    library: CLibrary;
    /** npm packages inside the bundle, as `name@version`. */
    npm: readonly string[];
  },
): string {
  const rows = library.packages.map((p) =>
    `- ${p.name} ${p.version} (${p.architecture}), SHA-256 ${p.sha256}`
  );
  return [
    "What this program holds beside its own code (Apache-2.0)",
    "",
    `Deno ${runtime.version} (${runtime.kind}): MIT License, Copyright 2018-2026 the Deno authors.`,
    "It holds V8 and Rust crates under their own permissive licences.",
    "",
    "npm packages:",
    ...npm.map((name) => `- ${name}`),
    "",
    "Unchanged shared libraries out of Debian's binary packages:",
    ...rows,
    "",
    "glibc is under the GNU Lesser General Public License, version 2.1 or later; libgcc under the",
    "GNU General Public License, version 3, with the GCC Runtime Library Exception. Their sources",
    "are Debian's source packages glibc and gcc-12 (or the gcc of that release) of these versions:",
    "https://snapshot.debian.org keeps each of them. To use another build of these libraries,",
    "pack the program anew: tasks/compile/pack.ts of the project takes any.",
    "",
    ...library.packages.flatMap((p) => [
      `--- Debian's copyright file of ${p.name} ---`,
      "",
      p.copyright.trimEnd(),
      "",
    ]),
  ].join("\n");
}
