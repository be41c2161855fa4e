import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { type DebianPackage, parseRelations } from "./control.ts";
import { type PackagePlan, planPackage } from "./package_plan.ts";
import type { PlacedRecipe } from "./recipe.ts";

function debian(name: string, version: string, depends = "", provides = ""): DebianPackage {
  return {
    name,
    version,
    architecture: "amd64",
    synopsis: `the ${name}`,
    homepage: "https://example.org/",
    installedSize: 0,
    sha256: "",
    depends: parseRelations(depends),
    provides: parseRelations(provides).flat(),
  };
}

/** Plans the first recipe; the rest are there to be named. */
function plan(
  recipes: readonly PlacedRecipe[],
  packages: readonly DebianPackage[],
  omitted: Readonly<Record<string, string>> = {},
): PackagePlan {
  const closure = new Map(packages.map((p) => [p.name, p]));
  return planPackage(recipes[0]!, { arch: "x86_64", closure, omitted, recipes });
}

const CLIENT: PlacedRecipe = { name: "client-default", source: "client" };
const SERVER: PlacedRecipe = { name: "server", source: "server" };

Deno.test("dependencies are kept, by the names and versions that are here", () => {
  const made = plan([SERVER, CLIENT], [
    debian("server", "1:9.2p1-2", "client (= 1:9.2p1-2), libc6 (>= 2.36), adduser | x, zlib"),
    debian("client", "1:9.2p1-2"),
    debian("libc6", "2.36-9+deb12u1"),
    debian("zlib", "1-1"),
  ], { adduser: "scripts do that" });
  assertEquals(made.version, "9.2_p1-r20000");
  assertEquals(made.description, "the server (Debian server 1:9.2p1-2)");
  assertEquals(made.depends, ["client-default=9.2_p1-r20000", "libc6>=2.36", "zlib"]);
});

Deno.test("a bound that the mapped versions do not meet is left out, the name stays", () => {
  const made = plan([SERVER], [
    debian("server", "1-1", "a (>= 2:1.0), b (>= 5~bpo1-1), c (>= 1.1)"),
    debian("a", "2:1.0-1"),
    debian("b", "5-1"),
    // Within Debian's epochs, 1:1.0 is above 1.1.
    debian("c", "1:1.0-1"),
  ]);
  assertEquals(made.depends, ["a>=1.0", "b>=5_pre1-r10000", "c"]);
});

Deno.test("virtual names are provided without a version, and never a real member's", () => {
  const made = plan([SERVER, CLIENT], [
    debian("server", "1-1", "", "ssh-server, agent (= 3), client, zlib"),
    debian("client", "1-1"),
    debian("zlib", "1-1"),
  ]);
  assertEquals(made.provides, ["agent", "ssh-server"]);
});

Deno.test("a virtual dependency becomes the member that provides it", () => {
  const made = plan([SERVER], [debian("server", "1-1", "mta"), debian("exim", "1-1", "", "mta")]);
  assertEquals(made.depends, ["exim"]);
});

Deno.test("a part that is split off has its own fields, and nothing of the rest's", () => {
  const part: PlacedRecipe = {
    name: "server-common",
    source: "server",
    inherits: false,
    only: ["etc/"],
    provides: ["moduli={version}"],
    description: "Files of servers",
  };
  const made = plan([part, SERVER], [
    debian("server", "1-2", "zlib", "ssh-server"),
    debian("zlib", "1"),
  ]);
  assertEquals([made.depends, made.provides], [[], ["moduli=1-r20000"]]);
  assertEquals(made.description, "Files of servers (Debian server 1-2)");
});

Deno.test("a dependency that nothing meets is an error", () => {
  assertThrows(() => plan([SERVER], [debian("server", "1-1", "ghost")]), TowerError, "ghost");
});
