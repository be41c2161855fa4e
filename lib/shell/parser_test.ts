import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseShell, SyntaxFault } from "./parser.ts";

/** Whether a script is read. */
function reads(text: string): boolean {
  try {
    parseShell(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxFault) return false;
    throw error;
  }
}

Deno.test("the grammar of package scripts is read", () => {
  const scripts = [
    "",
    "# only a comment",
    "a || b && c\nd ||\n\n  e",
    "a \\\n  b; c # d",
    "if a; then b; elif c\nthen d\nelse e; fi",
    "for i in a 'b c' $d; do e; done",
    "for i; do e; done\nfor i\ndo e; done",
    "while a; do b; done; until a\ndo b\ndone >f",
    "case $x in a|b) c;; (d) ;; *) e; esac",
    "case x in\nesac",
    "f() { a; }\ng ( )\n{\nb\n}\n",
    "(a; b) | { c; } 2>&1",
    "a <<EOF >b\nx $y\nEOF\nc",
    "a <<-'E F'\n\tx\n\tE F\n",
    "a &> /dev/null",
    'a "$(b "c" $(d) )" ${e#f} ${g:-"h i"} "${j%%.*}" ${#k}',
    "a $((1 + (2)))\nb `c \\` d`",
    "a &\nb",
    "x=1 y='2 3' a",
    "! a | b",
  ];
  for (const script of scripts) assert(reads(script), script);
});

Deno.test("what does not follow the grammar, or what only some shells know, is refused", () => {
  const scripts = [
    "a;;b",
    "; a",
    "&& a",
    "a &&",
    "a || || b",
    "echo 'a",
    'echo "a',
    "echo $(a",
    "echo ${a",
    "if a; then b",
    "fi",
    "if; then b; fi",
    "for 1 in a; do b; done",
    "case x in a) b",
    "a <<EOF\nb",
    "function f { a; }",
    "[[ a = b ]]",
    "((a))",
    "a <<<b",
    "a >|b",
    "a <(b)",
    "a |& b",
    "a &>> b",
    "a > 2>&1",
    "a\r\nb",
    "a\0",
    "caf\u00e9",
    "$'a'",
    "f() a",
    "a || do b",
    "a && ! then",
    "a | fi",
    "in a",
    `${"(".repeat(100)}a${")".repeat(100)}`,
  ];
  for (const script of scripts) assert(!reads(script), script);
  assertThrows(() => parseShell("a\nb\nif"), SyntaxFault, "line 3");
});

Deno.test("words that begin a command in other shells alone are never taken for programs", () => {
  for (
    const text of [
      "function f { :; }",
      "[[ a ]]",
      "select a in b; do :; done",
      "time a",
      "coproc a",
    ]
  ) {
    assertThrows(() => parseShell(text), SyntaxFault, `"${text.split(" ")[0]}" is not known`);
  }
});

Deno.test("parts of words keep their quotes, and expansions their changes", () => {
  const [item] = parseShell(`a"b$c"'d'\${e##*/}`);
  const [command] = item!.first.commands;
  assert(command?.kind === "simple");
  assertEquals(command.words, [[
    { kind: "text", text: "a", quoted: false },
    { kind: "text", text: "b", quoted: true },
    { kind: "parameter", name: "c", quoted: true },
    { kind: "text", text: "d", quoted: true },
    {
      kind: "parameter",
      name: "e",
      quoted: false,
      change: { operator: "##", word: [{ kind: "text", text: "*/", quoted: false }] },
    },
  ]]);
});

Deno.test("a hostile script costs no more than its length", () => {
  const begin = performance.now();
  for (
    const piece of ["'", '"', "$(", "${", "`", "a|", "a&&", "((", "$((", "<<a\n", "if a\nthen "]
  ) {
    reads(piece.repeat(Math.floor(60_000 / piece.length)));
  }
  assert(performance.now() - begin < 5000);
});

Deno.test("what nests without an end is refused, whatever it is made of", () => {
  const nested = [
    `echo ${"${a:-".repeat(9000)}${"}".repeat(9000)}`,
    `${"a()".repeat(20000)}{ :; }`,
  ];
  for (const text of nested) assertThrows(() => parseShell(text), SyntaxFault, "too deeply");
});
