import type { RandomNumbers } from "../program/random_numbers.ts";

/** Random shell scripts that print, look at files below /w and change them. */
export function randomScript(random: RandomNumbers): string {
  return `${new Generator(random).list(2)}\n`;
}

const FILES = ["/w/a", "/w/b", "/w/d/c", "/w/d", "/w/none", "/w/l", "/w/dl", "/w/broken"];

class Generator {
  readonly #random: RandomNumbers;

  constructor(random: RandomNumbers) {
    this.#random = random;
  }

  list(depth: number): string {
    const lines = Array.from({ length: 1 + this.#random.below(3) }, () => this.#line(depth));
    return lines.join(this.#random.pick(["\n", "\n", "; "]));
  }

  #line(depth: number): string {
    const { pick, below } = this.#random;
    const first = this.#command(depth);
    if (below(5) > 0) return first;
    const more = pick([" && ", " || ", " ||\n"]);
    return `${first}${more}${this.#command(depth)}`;
  }

  #command(depth: number): string {
    const { pick, below } = this.#random;
    if (depth === 0 || below(2) === 0) return this.#simple();
    const inner = () => this.list(depth - 1);
    switch (below(10)) {
      case 0:
        return `if ${this.#test()}; then\n${inner()}\n${pick(["", `else ${inner()}\n`])}fi`;
      case 1:
        return `if ${this.#test()}\nthen ${inner()}\nelif ${this.#test()}; then ${inner()}\nfi`;
      case 2:
        return `for i in ${this.#words()}; do\n${inner()}\n${
          pick(["", "", "break\n", "continue\n"])
        }done`;
      case 3:
        return `case ${this.#word()} in\n${this.#pattern()}) ${inner()} ;;\n(${this.#pattern()} | ${this.#pattern()})\n${inner()}\nesac`;
      case 4:
        return `{ ${inner()}\n} ${pick(["", "2>/dev/null", ">/w/out", ">>/w/log", "1>&2"])}`;
      case 5:
        return `(${inner()}\n)`;
      case 6: {
        const name = pick(["f", "g"]);
        return `${name}() {\nlocal x=${this.#word()} y="$1"\n${inner()}\n${
          pick(["", "return 1\n", "return\n"])
        }}\n${name} ${this.#words()}`;
      }
      case 7:
        return `${this.#simple()} | ${pick(["cat", "grep a", "grep -q b", "{ cat; echo z; }"])}`;
      case 8:
        return `cat <<EOF ${pick(["", ">/w/here", "| cat"])}\nt ${this.#quotable()} $x\nEOF`;
      default:
        return `n=; while [ "$n" != xxx ]; do n=x$n; ${inner()}\ndone`;
    }
  }

  #simple(): string {
    const { pick, below } = this.#random;
    const file = () => this.#file();
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
        return `x=${this.#word()}`;
      case 3:
        return `y="$(${this.#reading()})"`;
      case 4:
        return `touch ${file()}`;
      case 5:
        return `rm ${pick(["", "-f ", "-rf "])}${file()}`;
      case 6:
        return `mkdir ${pick(["", "-p "])}${file()}`;
      case 7:
        return `chmod ${pick(["600", "u+x", "755"])} ${file()}`;
      case 8:
        return `ln -s${pick(["", "f"])} ${this.#word()} ${file()}`;
      case 9:
        return `mv ${file()} ${file()}`;
      case 10:
        return `echo ${this.#words()} ${pick([">", ">>"])}${file()}`;
      case 11:
        return this.#test();
      case 12:
        return `! ${this.#test()}`;
      case 13:
        return pick([
          "set -e",
          "set +e",
          "shift",
          "true",
          "false",
          "exit 3",
          ". /w/s",
          '. /w/s; echo "$? $x $y"',
          "set -- k 'l m'",
          ":",
        ]);
      case 14:
        return `rmdir ${file()}`;
      case 15:
        return this.#reading();
      default:
        return `echo ${this.#words()}`;
    }
  }

  #reading(): string {
    const { pick } = this.#random;
    return pick([
      `cat ${this.#file()}`,
      `readlink ${this.#file()}`,
      `readlink -f ${this.#file()}`,
      `basename ${this.#file()}`,
      `dirname ${this.#file()}`,
      `grep -q b ${this.#file()}`,
      `command -v ${pick(["cat", "nothing", "echo", "f"])}`,
      `echo ${this.#words()}`,
      `printf '%s-%s\\n' ${this.#word()} q`,
      "echo $? $#",
      "false",
    ]);
  }

  #test(): string {
    const { pick } = this.#random;
    const unary = pick(["-e", "-f", "-d", "-L", "-x", "-r"]);
    return pick([
      `[ ${unary} ${this.#file()} ]`,
      `[ ! ${unary} ${this.#file()} ]`,
      `[ "${this.#quotable()}" ${pick(["=", "!="])} ${this.#word()} ]`,
      `test -${pick(["n", "z"])} "$x"`,
      `[ $# -${pick(["eq", "gt", "lt"])} 2 ]`,
      `grep -q a ${this.#file()}`,
    ]);
  }

  #words(): string {
    const { below, pick } = this.#random;
    const words = Array.from({ length: below(4) }, () => this.#word());
    return [...words, ...pick([[], ['"$@"'], ["$*"], ["/w/*"], ["/w/[ad]"], ["/w/d/?"]])].join(" ");
  }

  #word(): string {
    const { pick } = this.#random;
    return pick([
      "a",
      "b/c",
      "'q r'",
      `"${this.#quotable()}"`,
      "$x",
      '"$x"',
      "$1",
      "${x:-none}",
      '${x:-"a b" c}',
      "${1:+-g '$x' $2}",
      '"${2:-n n}"',
      "${x#a}",
      "${x##*/}",
      "${x%/*}",
      '"${y%%?}"',
      "${#x}",
      "$(echo s t)",
      '"$(echo s; echo t)"',
      "p$x.$1",
      "a\\ b",
      "''",
      "$i",
      "${y+set}",
      this.#file(),
    ]);
  }

  #quotable(): string {
    return this.#random.pick(["a", "$x b", "${1}c", "$(echo u)", "\\$x \\\\", "", "$*", "it's"]);
  }

  #pattern(): string {
    return this.#random.pick([
      "*",
      "a",
      "a*",
      "*b",
      "?",
      "[a-c]*",
      '"$x"',
      "$x",
      "*/c",
      "'*'",
      "''",
    ]);
  }

  #file(): string {
    return this.#random.pick(FILES);
  }
}
