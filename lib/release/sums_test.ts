import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { formatSums, parseSums } from "./sums.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseSums(bytes(text), "S");
const A = digestOf("a"), B = digestOf("b");

Deno.test("digests are read as they are written, ordered by name", () => {
  const text = formatSums([{ file: "b", digest: B }, { file: "a", digest: A }]);
  assertEquals(text, `${hexOf(A)}  a\n${hexOf(B)}  b\n`);
  const sums = parse(text);
  assertEquals([sums.size, sums.digestOf("a"), sums.digestOf("b"), sums.digestOf("c")], [
    ...[2, A, B],
    undefined,
  ]);
});

Deno.test("every form of sha256sum names the file", () => {
  const hex = hexOf(A);
  const forms: [text: string, name: string][] = [
    [`${hex} *a b\n`, "a b"],
    [`# of a\n\n${hex}  a\r\n`, "a"],
    [`${hex.toUpperCase()}  a`, "a"],
    [` \t${hex}  ./a`, "a"],
    [`${hex} a`, "a"],
    [`SHA256 (a (1)) = ${hex}\n`, "a (1)"],
    [`SHA256(a)= ${hex}\n`, "a"],
    [`\\${hex}  a\\\\b\\nc\\r\n`, "a\\b\nc\r"],
    [`\\SHA256 (a\\n) = ${hex}`, "a\n"],
    [`${hex}  \u00e9`, "\u00e9"],
    [`${hex}  a\n${hex} *a\n`, "a"],
  ];
  for (const [text, name] of forms) {
    const sums = parse(text);
    assertEquals([sums.size, sums.digestOf(name)], [1, A], JSON.stringify(text));
  }
});

Deno.test("what sha256sum does not take is refused with its line, and so are two digests of a name", () => {
  const hex = hexOf(A);
  const bad = [
    "x",
    hex,
    `${hex} `,
    `${hex.slice(1)}  a`,
    `${hex}0  a`,
    `${hex}  a\n${hex} a`,
    `\\${hex}  a\\x`,
    `\\${hex}  a\\`,
    `SHA512 (a) = ${hex}`,
    `SHA256 (a) = ${hex} `,
    `\u{feff}${hex}  a`,
    `${hex}  a\0`,
    " # no comment",
  ];
  for (const text of bad) {
    const error = assertThrows(
      () => parse(`# first\n${text}`),
      TowerError,
      'Cannot read "S": line ',
    );
    const line = text.includes("\n") ? 3 : 2;
    assertEquals([error.code, error.message.includes(`line ${line} `)], ["malformed", true], text);
  }
  const twice = assertThrows(() => parse(`${hex}  \u00e9\n${hexOf(B)}  ./\u00e9`), TowerError);
  assertEquals(twice.message, 'Cannot trust "S": it has two digests of "\u00e9"');
  assertEquals(twice.code, "untrusted");
});

Deno.test("names that are no UTF-8 are told apart", () => {
  const line = (byte: number, hex: string) => [...bytes(`${hex}  `), byte, 0x0a];
  const text = Uint8Array.from([...line(0xfe, hexOf(A)), ...line(0xff, hexOf(B))]);
  const sums = parseSums(text, "S");
  assertEquals([sums.size, sums.digestOf("\ufffd")], [2, undefined]);
});
