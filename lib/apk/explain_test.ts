import { assert, assertEquals } from "@std/assert";
import { parseDependency } from "./dependency.ts";
import { formatWhy, formatWhyNot, why, whyNot } from "./explain.ts";
import { type Repository, solve, universeOf } from "./solver.ts";
import type { Identity } from "./identity.ts";
import type { IndexedPackage } from "./types.ts";

function pack(
  name: string,
  version: string,
  more: Partial<Pick<IndexedPackage, "depends" | "provides" | "installIf">> = {},
): IndexedPackage {
  return {
    identity: `Q1${name}-${version}` as Identity,
    name,
    version,
    arch: "noarch",
    size: 1,
    installedSize: 1,
    description: "",
    url: "",
    license: "",
    depends: [],
    provides: [],
    installIf: [],
    ...more,
  };
}

const PACKAGES = [
  pack("ssh", "9", { depends: ["libcrypto>1", "sh"] }),
  pack("libcrypto", "3", { depends: ["libc"] }),
  pack("libc", "1", { provides: ["so:libc=1"] }),
  pack("ash", "1", { depends: ["so:libc"], provides: ["sh=1"] }),
  pack("dash", "1", { depends: ["so:libc"], provides: ["sh=0"] }),
  pack("docs", "1"),
  pack("ssh-doc", "9", { installIf: ["docs", "ssh=9"] }),
  pack("broken", "1", { depends: ["gone"] }),
];
const REPOSITORIES: Repository[] = [{ url: "r", packages: PACKAGES }];
const OPTIONS = { arch: "x86_64" };

function whyIn(worldText: string, name: string): string {
  const world = worldText.split(" ").map(parseDependency);
  const solution = solve(world, REPOSITORIES, OPTIONS);
  assert(solution.ok);
  return formatWhy(name, why(solution.install, world, name));
}

function whyNotIn(worldText: string, text: string): string {
  const world = worldText.split(" ").map(parseDependency);
  const wanted = parseDependency(text);
  return formatWhyNot(wanted, whyNot(wanted, world, universeOf(REPOSITORIES, OPTIONS.arch)));
}

Deno.test("why shows the shortest chain from each item of the world", () => {
  assertEquals(
    whyIn("docs ssh libcrypto", "libc"),
    "ssh-9 (the world asks for ssh)\n" +
      "  libcrypto-3 (dependency libcrypto>1)\n" +
      "    libc-1 (dependency libc)\n" +
      "libcrypto-3 (the world asks for libcrypto)\n" +
      "  libc-1 (dependency libc)",
  );
});

Deno.test("why goes through install_if and through provided names", () => {
  assertEquals(
    whyIn("ssh docs", "ssh-doc"),
    "ssh-9 (the world asks for ssh)\n" +
      "  ssh-doc-9 (install_if ssh=9)\n" +
      "docs-1 (the world asks for docs)\n" +
      "  ssh-doc-9 (install_if docs)",
  );
  assertEquals(
    whyIn("ssh", "sh"),
    "ssh-9 (the world asks for ssh)\n  ash-1 (dependency sh)",
  );
  assertEquals(whyIn("ssh", "ssh"), "ssh-9 (the world asks for ssh)");
  assertEquals(whyIn("ssh", "docs"), "docs is not installed");
});

Deno.test("why-not tells what is there already, and what nothing asks for", () => {
  assertEquals(whyNotIn("ssh", "libc"), "libc is installed: libc-1");
  assertEquals(
    whyNotIn("docs", "ssh"),
    "nothing asks for ssh; it could be added\n" +
      "  would add: libc-1 libcrypto-3 ash-1 ssh-9 ssh-doc-9",
  );
  assertEquals(
    whyNotIn("ssh", "sh<1"),
    "nothing asks for sh<1; it could be added\n" +
      "  the world has ash-1 for that name\n  would add: dash-1\n  would drop: ash-1",
  );
});

Deno.test("why-not tells who refuses a package", () => {
  assertEquals(
    whyNotIn("ssh", "libc>1"),
    "libc>1 cannot be added\n" +
      "libc: no candidate fits, asked for by world (libc>1), libcrypto-3 (libc)\n" +
      "  libc-1: world asks for libc>1",
  );
  assertEquals(
    whyNotIn("docs !libc", "ssh"),
    "ssh cannot be added\n" +
      "libc: no candidate fits, asked for by libcrypto-3 (libc)\n" +
      "  libc-1: world asks for !libc",
  );
  assertEquals(
    whyNotIn("ssh", "gone"),
    "gone cannot be added\ngone: no repository has it, asked for by world (gone)",
  );
  assertEquals(
    whyNotIn("ash", "dash"),
    "dash cannot be added\n" +
      "ash: no candidate fits, asked for by world (ash)\n" +
      "  ash-1: dash-1 is needed too and has the same name sh\n" +
      "dash: no candidate fits, asked for by world (dash)\n" +
      "  dash-1: ash-1 is needed too and has the same name sh",
  );
});

Deno.test("why-not tells that the world itself has no solution", () => {
  assertEquals(
    whyNotIn("broken", "ssh"),
    "the world has no solution\n" +
      "broken: no candidate fits, asked for by world (broken)\n" +
      "  broken-1: nothing meets its dependency gone\n" +
      "gone: no repository has it, asked for by broken-1 (gone)",
  );
});

Deno.test("text from an index cannot drive the terminal", () => {
  const chain = [{ package: "a\x1b[2J-1", by: "a", kind: "world" as const }];
  assertEquals(formatWhy("a", [chain]), "a\\x1b[2J-1 (the world asks for a)");
});
