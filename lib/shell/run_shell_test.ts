import { assertEquals, assertThrows } from "@std/assert";
import { CommandFailure, NotUnderstood, type ShellHost } from "./host.ts";
import { runShell } from "./run_shell.ts";
import { parseShell } from "./parser.ts";

/** A system of a few files, where `fail` fails and nothing else is a program. */
function host(files = new Map<string, string>()): ShellHost {
  return {
    run([name], { input, out }) {
      if (name === "fail") throw new CommandFailure("it failed");
      if (name !== "upper") throw new NotUnderstood(name);
      out((input() ?? "").toUpperCase());
      return 0;
    },
    read(path) {
      const text = files.get(path);
      if (text === undefined) throw new CommandFailure(`${path} is missing`);
      return text;
    },
    write: (path, text, append) =>
      void files.set(path, (append ? files.get(path) ?? "" : "") + text),
    exists: (path) => files.has(path),
    names: (directory) => directory === "/" ? [...files.keys()].map((p) => p.slice(1)) : undefined,
    which: (name) => name === "upper" ? "/bin/upper" : undefined,
  };
}

/** What a script prints, and how it ends. */
function run(script: string, files?: Map<string, string>) {
  let out = "";
  const { status, failed } = runShell(parseShell(script), host(files), {
    positional: ["one", "two words"],
    variables: { PATH: "/bin" },
    errexit: false,
    out: (piece) => out += piece,
  });
  return failed === undefined ? [out, status] : [out, status, failed];
}

Deno.test("words are expanded, split and matched as a shell does", () => {
  const files = new Map([["/b", ""], ["/a", ""], ["/.c", ""]]);
  assertEquals(run('echo "$@" $2 "$*" $#', files)[0], "one two words two words one two words 2\n");
  assertEquals(run("echo /* '/*' /x*", files)[0], "/a /b /* /x*\n");
  assertEquals(
    run("p=/x/y.tar; echo ${p##*/} ${p%.*} ${p#*/} ${q:-no} ${#p}")[0],
    "y.tar /x/y x/y.tar no 8\n",
  );
  assertEquals(run('x="$(echo a; echo; echo)b"; echo "$x"')[0], "ab\n");
  assertEquals(
    run('for i in ${x:-"a b"} ${1:+-g "$2" c}d ${1-"no"} ${x+"no"}; do echo "<$i>"; done')[0],
    "<a b>\n<-g>\n<two words>\n<cd>\n<one>\n",
  );
  assertEquals(run("for i in $empty ''; do echo \"<$i>\"; done")[0], "<>\n");
});

Deno.test("compound commands, functions and redirections run", () => {
  const files = new Map<string, string>();
  assertEquals(run("if fail; then echo a; elif true; then echo b; fi"), ["b\n", 0]);
  assertEquals(run("case one.x in *.y) echo a;; one*|b) echo c; esac"), ["c\n", 0]);
  assertEquals(run("f() { local a=$1; shift; echo $a-$1; return 3; }; f 1 2; echo $? $a"), [
    "1-2\n3\n",
    0,
  ]);
  assertEquals(run("while fail; do :; done; echo $?"), ["0\n", 0]);
  assertEquals(run("if false; then :; else echo $?; fi; if fail; then :; fi; echo $?"), [
    "1\n0\n",
    0,
  ]);
  assertEquals(run("echo a >/f; echo b >>/f; cat() { upper; }; upper </f", files)[0], "A\nB\n");
  assertEquals(run("x=3; upper <<E | upper\na$x\nE"), ["A3\n", 0]);
  assertEquals(run("(x=1; exit 4); echo $? $x"), ["4\n", 0]);
  assertEquals(run("{ echo a; echo b >&2; } 3>&1 >/dev/null"), ["", 0]);
});

Deno.test("a file that is read runs in the same shell, and ends at its own return", () => {
  const files = new Map([
    ["/conf", "# settings\nname=x\nf() { echo $name$1; }\n"],
    ["/empty", "# nothing\n"],
    ["/early", "return 4; echo off"],
    ["/fails", "fail; echo on"],
    ["/self", ". /self"],
    ["/wrong", "if"],
  ]);
  assertEquals(run(". /conf; f 1; echo $(. /conf >/dev/null; echo $name)", files)[0], "x1\nx\n");
  assertEquals(run("fail; . /empty; echo $? $#", files)[0], "0 2\n");
  assertEquals(run("f() { . /early; echo $?; }; f", files)[0], "4\n");
  assertEquals(run("set -e; . /fails || :; . /fails; echo off", files).slice(0, 2), ["on\n", 1]);
  for (const body of [". /self", ". /gone", ". /wrong", ". conf", ". /conf x", ". /early"]) {
    assertThrows(() => run(body, files), NotUnderstood);
  }
});

Deno.test("loops are left and gone on with by as many levels as are named", () => {
  const nested = (leave: string) =>
    run(`for a in 1 2; do for b in x y; do echo $a$b; ${leave}; done; echo -; done`)[0];
  assertEquals(nested("break"), "1x\n-\n2x\n-\n");
  assertEquals(nested("break 1"), "1x\n-\n2x\n-\n");
  assertEquals(nested("break 2"), "1x\n");
  assertEquals(nested("continue"), "1x\n1y\n-\n2x\n2y\n-\n");
  assertEquals(nested("continue 2"), "1x\n2x\n");
  assertEquals(run("cd /; echo $?"), ["0\n", 0]);
  assertEquals(run("case ab in a?) echo y;; esac; case a in a?) echo n;; esac")[0], "y\n");
});

Deno.test("errexit ends a script where ash would, and nowhere else", () => {
  assertEquals(run("set -e; fail || true; ! fail; if fail; then :; fi; echo on; fail; echo off"), [
    "on\n",
    1,
    "fail: it failed",
  ]);
  assertEquals(run("set -e; f() { fail; echo f; }; f && echo on; f; echo off")[0], "f\non\n");
  assertEquals(run("set -e; x=$(fail); echo off")[1], 1);
  assertEquals(run("set -e; x=$(fail; echo in); echo $x"), ["in\n", 0]);
});

Deno.test("what is reached and not understood is told; what is not reached does not matter", () => {
  assertEquals(run("true || frobnicate; false && echo `date`; echo on"), ["on\n", 0]);
  const bodies = [
    "frobnicate",
    "echo `date`",
    "echo $((1+1))",
    "echo $HOME",
    "echo $$",
    "x=~; echo $x",
    "IFS=:",
    "PATH=/x",
    "X=1 upper",
    "upper &",
    "eval echo",
    "exec 3>&1",
    "while :; do :; done",
    "f() { f; }; f",
    "x=$(fail 2>&1)",
    "echo -e x | upper",
    "set -x",
    "trap : 0",
    "${x?}",
    "set -u; echo $nothing",
    "echo a | { upper; upper; }",
    'echo ${x:="a b"}',
    'echo ${1+"$@"}',
    'echo "${x:-$@}"',
    'set --; echo "$@"""',
    "fail; echo $?",
    ": </none",
    "command -v eval",
    "printf '%d' a",
    "exit() { :; }",
    "while break; do :; done",
    "until continue; do :; done",
    "echo ${5:=x}",
    "echo ${01}",
    `x=a; ${"x=$x$x; ".repeat(40)}`,
    `${'set -- "$@" "$@"; '.repeat(40)}`,
    `f() { ${"( ".repeat(50)}f${" )".repeat(50)}; }; f`,
    `f() { ${"x=$( ".repeat(50)}f${" )".repeat(50)}; }; f`,
    `x=${"a".repeat(4000)}; for i in 1 2 3 4 5; do for j in 1 2 3 4 5; do y=\${x##*${
      "a".repeat(500)
    }b}; done; done`,
    "cd /etc",
    "cd",
    "cd / /",
    "exec",
    "exec echo x",
    "break",
    "continue",
    "while true; do break 2; done",
    "while true; do break 0; done",
    "while true; do break 1 2; done",
    // A function is in no loop of its caller's.
    "f() { break; }; while true; do f; done",
  ];
  for (const body of bodies) assertThrows(() => run(body), NotUnderstood);
});
