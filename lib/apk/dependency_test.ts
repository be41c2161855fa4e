import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { asIdentity } from "./identity.ts";
import { formatDependency, parseDependency, readDependency, satisfies } from "./dependency.ts";

Deno.test("each form of a dependency is read and written again", () => {
  const forms = "foo !foo foo=1 foo<1 foo<=1 foo>1 foo>=1 foo~1 foo>~1.2 foo<~1.2 !foo<2 " +
    "foo@edge foo@edge>1-r0 !foo@edge so:libc.musl-x86_64.so.1 cmd:[=1.35-r1 /bin/sh " +
    "pc:gtk+-3.0>=3 foo><Q1ZX+on7zBgcokTctj4tLSmx7q5O4= py3.10:a/b-c,d";
  for (const text of forms.split(" ")) {
    assertEquals(formatDependency(parseDependency(text)), text);
  }
});

Deno.test("the parts of a dependency", () => {
  assertEquals(parseDependency("foo"), { name: "foo", conflict: false, operators: 15 });
  assertEquals(parseDependency("!foo@edge>=1.2-r0"), {
    name: "foo",
    conflict: true,
    operators: 5,
    version: "1.2-r0",
    pin: "edge",
  });
  assertEquals(parseDependency("foo=~1").operators, 9);
  assertEquals(formatDependency(parseDependency("foo=~1")), "foo~1");
});

Deno.test("what is no dependency is refused with its text", () => {
  const bad = ["", "!", "=1", "foo=", "foo>", "foo=x y", "foo bar", "foo\n", "foo=1~ab", "@edge"];
  for (const text of [...bad, "foo@", "foo=1@edge", "foo=abc", "foo><", "foo\x1b[2J"]) {
    assertEquals(readDependency(text), undefined, JSON.stringify(text));
  }
  const error = assertThrows(() => parseDependency("foo=x\x1b"), TowerError);
  assertEquals(error.code, "malformed");
  assert(error.message.includes('"foo=x\\x1b"'), error.message);
});

Deno.test("operators accept the versions they name", () => {
  const accepted = (text: string, ...versions: string[]) => {
    const dependency = parseDependency(text);
    return versions.map((version) => satisfies(dependency, version) ? "y" : "n").join("");
  };
  assertEquals(accepted("a", "1", "2_rc1"), "yy");
  assertEquals(accepted("a=1.2", "1.2", "1.2-r0", "1.20"), "ynn");
  assertEquals(accepted("a<1.2", "1.1", "1.2_rc1", "1.2", "1.2-r0"), "yynn");
  assertEquals(accepted("a<=1.2", "1.1", "1.2", "1.2-r0"), "yyn");
  assertEquals(accepted("a>1.2", "1.2", "1.2-r0", "1.10", "1.1"), "nyyn");
  assertEquals(accepted("a>=1.2", "1.2", "1.2_rc1", "1.3"), "yny");
  assertEquals(accepted("a~1.2", "1.2", "1.2.9-r4", "1.20", "1.3"), "yynn");
  assertEquals(accepted("a>~1.2", "1.2.9", "1.3", "1.1"), "yyn");
  assertEquals(accepted("a<~1.2", "1.2.9", "1.3", "1.1"), "yny");
  assertEquals(accepted("!a", "1"), "n");
  assertEquals(accepted("!a<2", "1", "2", "3"), "nyy");
});

Deno.test("a name provided without a version meets no version and escapes ranged conflicts", () => {
  assert(satisfies(parseDependency("a"), undefined));
  assert(!satisfies(parseDependency("a>1"), undefined));
  assert(!satisfies(parseDependency("!a"), undefined));
  assert(satisfies(parseDependency("!a>1"), undefined));
});

Deno.test("an identity names one package however it is spelled, and no other", () => {
  const wanted = parseDependency("a><Q1ZX+on7zBgcokTctj4tLSmx7q5O5=");
  assertEquals(formatDependency(wanted), "a><Q1ZX+on7zBgcokTctj4tLSmx7q5O5=", "as it was written");
  assert(satisfies(wanted, "1", asIdentity("Q1ZX+on7zBgcokTctj4tLSmx7q5O4=")));
  assert(!satisfies(wanted, "1", asIdentity("Q1VUBxlP54+nXCR+xuJZq3y37aJ8A=")));
});
