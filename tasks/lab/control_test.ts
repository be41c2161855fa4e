import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { parsePackages, parseRelations } from "./control.ts";

const SHOWN = `Package: hello
Version: 1:2.10-3
Architecture: amd64
Installed-Size: 277
Pre-Depends: libc6 (>= 2.34)
Depends: dpkg (>= 1.15.4) | install-info, python3:any
Provides: greeter (= 2.10), hi
Homepage: https://example.org/hello
Description-en: example package
 A long text that
 goes on: here
Filename: pool/main/h/hello.deb
SHA256: 00ff

Package: other
Version: 3
Architecture: all
Description: no more
SHA256: 11ee
`;

Deno.test("packages are read from what apt-cache shows", () => {
  const [hello, other, ...more] = parsePackages(SHOWN);
  assertEquals(more, []);
  assertEquals(hello, {
    name: "hello",
    version: "1:2.10-3",
    architecture: "amd64",
    synopsis: "example package",
    homepage: "https://example.org/hello",
    installedSize: 277 * 1024,
    sha256: "00ff",
    depends: [
      [{ name: "libc6", operator: ">=", version: "2.34" }],
      [{ name: "dpkg", operator: ">=", version: "1.15.4" }, { name: "install-info" }],
      [{ name: "python3" }],
    ],
    provides: [{ name: "greeter", operator: "=", version: "2.10" }, { name: "hi" }],
  });
  assertEquals([other?.name, other?.depends, other?.synopsis], ["other", [], "no more"]);
});

Deno.test("qualifiers of architecture are left out of relations", () => {
  assertEquals(parseRelations("a:any (<< 2~), b [amd64] | c(=1)"), [
    [{ name: "a", operator: "<<", version: "2~" }],
    [{ name: "b" }, { name: "c", operator: "=", version: "1" }],
  ]);
});

Deno.test("what is no relation or lacks a field is refused", () => {
  for (const bad of ["A", "a (2)", "a (>= )", "a b", "$(x)", "../a"]) {
    assertThrows(() => parseRelations(bad), TowerError, "is no relation");
  }
  assertThrows(() => parsePackages("Package: x\nVersion: 1\n"), TowerError, '"architecture"');
  assertThrows(() => parsePackages("no field\n"), TowerError, "is no field");
});
