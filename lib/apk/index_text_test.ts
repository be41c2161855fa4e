import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import type { Identity } from "./identity.ts";
import { formatIndex, parseIndex } from "./index_text.ts";

const RECORD = `C:Q1ZX+on7zBgcokTctj4tLSmx7q5O4=
P:zsh
V:5.8.1-r4
A:x86_64
S:97492
I:405504
T:A shell: quick
U:https://www.zsh.org/
L:custom
o:zsh
m:Nobody <nobody@example.org>
t:1647977252
c:0c813d4276d2e36ead29ca22b6c01045d86db58b
k:10
D:musl so:libc.musl-x86_64.so.1 !csh
p:cmd:zsh=5.8.1-r4
i:docs zsh=5.8.1-r4

`;

Deno.test("every field of a record is read", () => {
  assertEquals(parseIndex(RECORD), [{
    identity: "Q1ZX+on7zBgcokTctj4tLSmx7q5O4=" as Identity,
    name: "zsh",
    version: "5.8.1-r4",
    arch: "x86_64",
    size: 97492,
    installedSize: 405504,
    description: "A shell: quick",
    url: "https://www.zsh.org/",
    license: "custom",
    origin: "zsh",
    maintainer: "Nobody <nobody@example.org>",
    buildTime: 1647977252,
    commit: "0c813d4276d2e36ead29ca22b6c01045d86db58b",
    providerPriority: 10,
    depends: ["musl", "so:libc.musl-x86_64.so.1", "!csh"],
    provides: ["cmd:zsh=5.8.1-r4"],
    installIf: ["docs", "zsh=5.8.1-r4"],
  }]);
});

Deno.test("an index is written as it was read", () => {
  const short = "C:Q1VUBxlP54+nXCR+xuJZq3y37aJ8A=\nP:a\nV:1\nA:noarch\nS:1\nI:0\nT:\nU:\nL:\n\n";
  assertEquals(formatIndex(parseIndex(RECORD + short + RECORD)), RECORD + short + RECORD);
  assertEquals(parseIndex(""), []);
  assertEquals(formatIndex([]), "");
});

Deno.test("a record ends at a blank line or after the last line", () => {
  assertEquals(parseIndex(RECORD.trimEnd() + "\n").length, 1);
  assertEquals(parseIndex("\n\n" + RECORD + "\n\n\n" + RECORD).length, 2);
});

Deno.test("a provides line of 72 KB is read whole, one above the bound is refused", () => {
  const words = Array.from({ length: 3000 }, (_, i) => `ocaml4-intf:module_${i}=0${i}`);
  const line = `p:${words.join(" ")}`;
  assert(line.length > 72_000);
  assertEquals(parseIndex(RECORD.replace(/p:.*/, line))[0]?.provides, words);
  const long = RECORD.replace(/p:.*/, `p:${"a".repeat(1 << 20)}`);
  assertThrows(() => parseIndex(long), TowerError, "index line 16: it is longer");
});

Deno.test("a field with an unknown capital letter makes the package uninstallable", () => {
  const [item] = parseIndex(RECORD.replace("V:", "X:new\nV:"));
  assertEquals(item?.uninstallable, 'it has an unknown field "X"');
  assertEquals(parseIndex(RECORD.replace("V:", "z:new\nV:"))[0]?.uninstallable, undefined);
  assertEquals(parseIndex(RECORD.replace("V:", "F:etc\nV:"))[0]?.uninstallable, undefined);
});

Deno.test("two spellings of a hash are one identity", () => {
  const identityOf = (text: string) =>
    parseIndex(RECORD.replace("Q1ZX+on7zBgcokTctj4tLSmx7q5O4=", text))[0]?.identity;
  const canonical = "Q1ZX+on7zBgcokTctj4tLSmx7q5O4=";
  assertEquals(identityOf("Q1ZX+on7zBgcokTctj4tLSmx7q5O7="), canonical);
  assertEquals(identityOf("X1657fa89fbcc181ca244dcb63e2d2d29b1eeae4ee"), canonical);
});

Deno.test("a version that is none makes the package uninstallable", () => {
  const [item] = parseIndex(RECORD.replace("V:5.8.1-r4", "V:../../etc"));
  assertEquals(item?.uninstallable, '"../../etc" is no version');
});

Deno.test("what is no index is refused with the number of the line", () => {
  const refused = (text: string, message: string) => {
    const error = assertThrows(() => parseIndex(text), TowerError, message);
    assertEquals(error.code, "malformed");
  };
  refused(RECORD + "nonsense\n", "index line 19: it is not of the form");
  refused(RECORD.replace("P:zsh", "P:../zsh"), 'index line 2: "../zsh" is no package name');
  refused(RECORD.replace("P:zsh\n", ""), "index line 17: the record before it has no name");
  refused(RECORD.replace("V:5.8.1-r4\n", ""), "has no version");
  refused(RECORD.replace(/C:.*\n/, ""), "has no checksum");
  refused(RECORD.replace("C:Q1", "C:Q3"), "index line 1:");
  refused(RECORD.replace("S:97492", "S:-1"), 'index line 5: "-1" is no number');
  refused(RECORD.replace("S:97492", "S:1e99"), "is no number");
  refused(RECORD + "P:half", "index line 19: it ends in the middle of a line");
  refused(RECORD.replace("P:zsh", "P:\x1b[2J"), "\\x1b[2J");
});

Deno.test("values that would break the next record are not written", () => {
  const [item] = parseIndex(RECORD);
  assertThrows(() => formatIndex([{ ...item!, description: "a\nP:evil" }]), TowerError);
  assertThrows(() => formatIndex([{ ...item!, depends: ["a b"] }]), TowerError);
});

Deno.test("5,000 records are read in under half a second", () => {
  const text = RECORD.repeat(5000);
  parseIndex(text);
  const start = performance.now();
  assertEquals(parseIndex(text).length, 5000);
  assert(performance.now() - start < 500);
});

const CASES = 20_000;
const SEED = 1646;

Deno.test(`${CASES} mutated indexes are read or refused, never worse, seed ${SEED}`, () => {
  let state = SEED;
  const below = (n: number) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
  const alphabet = "\n\n\0:=<>~!@ -_.Qq19azPVCDpiXkSI\u00e9\u{1f600}\x1b";
  const count = { read: 0, refused: 0 };
  for (let i = 0; i < CASES; i++) {
    let text = RECORD + RECORD;
    for (let edits = 1 + below(6); edits > 0; edits--) {
      const at = below(text.length), length = below(4) === 0 ? below(200) : below(3);
      const insert = below(3) === 0 ? text.slice(below(text.length)).slice(0, below(60)) : "";
      const char = below(2) === 0 ? alphabet.charAt(below(alphabet.length)) : "";
      text = text.slice(0, at) + insert + char + text.slice(at + length);
    }
    try {
      const packages = parseIndex(text);
      for (const item of packages) {
        assert(item.name !== "" && item.version !== "" && !/[/\s]/.test(item.name));
        assert(item.uninstallable !== undefined || !/[/\s]/.test(item.version));
        assert(Number.isSafeInteger(item.size) && Number.isSafeInteger(item.installedSize));
      }
      count.read++;
    } catch (error) {
      assert(error instanceof TowerError, `${JSON.stringify(text)}: ${error}`);
      assert(/^Cannot read index line \d+: /.test(error.message), error.message);
      count.refused++;
    }
  }
  assert(count.read > 1000 && count.refused > 1000, JSON.stringify(count));
});
