import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { objectTable } from "../../../build/commands/completion.ts";
import { commandTree as buildTree } from "../../../build/root.ts";
import { OBJECTS } from "../../../cli/commands/completion.ts";
import { commandTree as towerTree } from "../../../cli/root.ts";
import { newEnding } from "../../../lib/program/ending.ts";
import { describeCommand, placesOf } from "../../../lib/completion/command_tree.ts";
import { valueName } from "../../../lib/completion/objects.ts";
import { completionScript, type Shell } from "../../../lib/completion/scripts.ts";
import { manualPage } from "../../../lib/manual/manual_page.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { testEnv } from "../../support/program/test_env.ts";

const runner = denoRunner();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function judged(tool: string, name: string, fn: () => Promise<void>): void {
  const isMissing = runner.which(tool) === undefined;
  Deno.test({ name: isMissing ? `${name} (skipped: no ${tool})` : name, ignore: isMissing, fn });
}

const SYSTEMS = ["host", "lab"];

function programs() {
  using env = testEnv();
  return {
    "tower": { node: describeCommand(towerTree(env)), table: OBJECTS },
    "tower-build": {
      node: describeCommand(buildTree(env, newEnding())),
      table: objectTable(SYSTEMS),
    },
  };
}

function scriptOf(program: keyof ReturnType<typeof programs>, shell: Shell): string {
  const { node, table } = programs()[program];
  return completionScript(node, shell, table);
}

/**
 * Asks a shell what it proposes at the end of a line. What it would do with files by itself is
 * shown as `FILES`, `FOLDERS`.
 */
const DRIVERS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    "bash",
    "-c",
    "compopt() { case $2 in default) COMPREPLY+=(FILES);; dirnames) COMPREPLY+=(FOLDERS);; esac; }; " +
    'source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); ' +
    '$(complete -p "$1" | sed -n "s/.*-F \\([^ ]*\\).*/\\1/p"); printf "%s\\n" "${COMPREPLY[@]}"',
    "driver",
  ],
  // Outside of a line that is edited zsh has no proposals: what the script would propose is shown.
  zsh: [
    "zsh",
    "-fc",
    "compdef() { }; compset() { word=${word#*=}; }; _files() { [[ $1 == -/ ]] && print FOLDERS || " +
    "{ [[ $1 == -g ]] && compadd -- *.(yaml|yml)(N) || print FILES; }; }; " +
    "compadd() { local end=; [[ $1 == -S ]] && end=$2; while [[ $1 != -- ]]; do shift; done; shift; " +
    'for w in "$@"; do [[ $w == ${word}* ]] && print -- $w$end; done; true; }; ' +
    "_describe() { local w; for w in ${(P)argv[-1]}; do " +
    "[[ ${w%%:*} == ${word}* ]] && print -- ${w%%:*}; done; true; }; " +
    'source /dev/stdin; words=("$@"); CURRENT=$#; _${1//-/_}',
    "driver",
  ],
  // fish asks its own machinery.
  fish: [
    "fish",
    "-c",
    'source -; complete -C (string join " " -- $argv) | string split -f1 \\t; true',
  ],
};

class ShellUser implements Disposable {
  readonly #folder = tempFolder();
  readonly #home = `${this.#folder.path}/home`;

  constructor() {
    for (const name of ["web", "vault", "not a host", "$(id)"]) {
      Deno.mkdirSync(`${this.#home}/.local/tower/hosts/${name}`, { recursive: true });
    }
    Deno.mkdirSync(`${this.#folder.path}/cwd/folder`, { recursive: true });
    for (const name of ["mine.yaml", "notes.txt"]) {
      Deno.writeTextFileSync(`${this.#folder.path}/cwd/${name}`, "");
    }
  }

  /** What is proposed for the last of a line's words, in order. */
  async proposed(shell: Shell, program: keyof ReturnType<typeof programs>, ...words: string[]) {
    const [first, ...rest] = DRIVERS[shell];
    const { stdout, stderr } = await runner.run({
      argv: [first!, ...rest, program, ...words],
      stdin: new TextEncoder().encode(scriptOf(program, shell)),
      cwd: `${this.#folder.path}/cwd`,
      variables: { HOME: this.#home, XDG_CONFIG_HOME: this.#home, XDG_DATA_HOME: this.#home },
    });
    assertEquals(text(stderr), "", words.join(" "));
    return text(stdout).trim().split("\n").filter((line) => line !== "").sort();
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  judged(shell, `${shell} completes commands, their options and limited values`, async () => {
    using user = new ShellUser();
    const tower = (...words: string[]) => user.proposed(shell, "tower", ...words);
    const build = (...words: string[]) => user.proposed(shell, "tower-build", ...words);
    assertEquals(await tower("comp"), ["completion"]);
    assertEquals(await tower("completion", ""), ["bash", "fish", "zsh"]);
    assertEquals(await build("repo", ""), ["index", "pack"]);
    assertEquals(await build("boot", "--firmware", ""), ["bios", "secure-boot", "uefi"]);
    assertEquals(await build("repo", "pack", "--inf"), ["--info"]);
    assertEquals(await tower("-q", "li"), ["list"]);
  });

  judged(
    shell,
    `${shell} completes hosts, roles, architectures and systems where they are meant`,
    async () => {
      using user = new ShellUser();
      const tower = (...words: string[]) => user.proposed(shell, "tower", ...words);
      const build = (...words: string[]) => user.proposed(shell, "tower-build", ...words);
      const HOSTS = ["vault", "web"];
      assertEquals(await tower("ssh", ""), HOSTS);
      assertEquals(await tower("ssh", "v"), ["vault"]);
      assertEquals(await tower("ssh", "--tty", ""), HOSTS);
      assertEquals(await tower("reboot", "vault", "w"), ["web"]);
      assertEquals(await tower("status", "--host", ""), HOSTS);
      assertEquals(await tower("deprovision", ""), HOSTS);
      const machines = ["internet", "thinclient", ...HOSTS].sort();
      assertEquals(await tower("firewall", "check", ""), machines);
      assertEquals(await tower("firewall", "check", "web", ""), machines);
      assertEquals(await tower("firewall", "show", "o"), ["offline", "online"]);
      assertEquals(await build("build", "lab", "--arch", ""), ["aarch64", "armv7", "x86_64"]);
      assertEquals(await build("build", "--arch", "x86_64", "la"), ["lab"]);
      assertEquals(await build("new", "mine", "--from", "h"), ["host"]);
      assertEquals(await build("why", "busybox", "--system", "m"), ["mine.yaml"]);
      assertEquals(await build("build", "m"), ["mine.yaml"]);
      assertEquals((await build("plan", "")).filter((name) => !/^folder/.test(name)), [
        "host",
        "lab",
        "mine.yaml",
      ]);
      assertEquals(
        await tower("cp", "w"),
        shell === "fish" ? ["web:"] : ["FILES", "web:"].slice(shell === "zsh" ? 0 : 1),
      );
    },
  );

  judged(shell, `${shell} completes files only where files are meant`, async () => {
    using user = new ShellUser();
    const tower = (...words: string[]) => user.proposed(shell, "tower", ...words);
    const build = (...words: string[]) => user.proposed(shell, "tower-build", ...words);
    for (
      const words of [
        ["ssh", "web", ""],
        ["ssh", "web", "--", ""],
        ["provision", ""],
        ["provision", "--username", ""],
        ["list", ""],
        ["list", "n"],
        ["completion", "n"],
      ]
    ) assertEquals(await tower(...words), [], words.join(" "));
    for (const words of [["build", "lab", ""], ["boot", "lab", "--memory", ""], ["new", ""]]) {
      assertEquals(await build(...words), [], words.join(" "));
    }
    const files = shell === "fish" ? ["notes.txt"] : ["FILES"];
    assertEquals(await tower("provision", "--answers", "n"), files);
    assertEquals(await build("build", "lab", "--lock", "n"), files);
    assertEquals(await build("flash", "lab", "n"), files);
    const folders = shell === "fish" ? ["folder/"] : ["FOLDERS"];
    assertEquals(await build("build", "lab", "--keys", "f"), folders);
    assertEquals(await build("verify", "f"), folders);
  });
}

judged(
  "bash",
  "bash takes an option's value behind =, and nothing behind a host's colon",
  async () => {
    using user = new ShellUser();
    // Readline takes both for words of their own.
    assertEquals(await user.proposed("bash", "tower-build", "build", "--arch", "=", "x"), [
      "x86_64",
    ]);
    assertEquals(await user.proposed("bash", "tower-build", "build", "--arch", "="), [
      "aarch64",
      "armv7",
      "x86_64",
    ]);
    assertEquals(
      await user.proposed("bash", "tower-build", "build", "--arch", "=", "x86_64", "la"),
      ["lab"],
    );
    for (const words of [["web", ":"], ["web", ":", "n"]]) {
      assertEquals(await user.proposed("bash", "tower", "cp", ...words), []);
    }
  },
);

judged("zsh", "zsh takes an option's value behind =", async () => {
  using user = new ShellUser();
  assertEquals(await user.proposed("zsh", "tower-build", "build", "--arch=x"), ["x86_64"]);
});

Deno.test("it is known of each value and argument what may stand for it", () => {
  // Whatever is typed: nothing that a shell could propose.
  const free = [
    ...[
      "age",
      "card",
      "command",
      "constraint",
      "date",
      "format",
      "host:guest",
      "kind",
      "lang",
      "language",
    ],
    ...["layout", "MiB", "n", "name", "password", "role", "seconds", "shell", "text", "url"],
    ...["variant", "zone", "family", "medium", "partition", "pkg", "word"],
  ];
  for (const { node, table } of Object.values(programs())) {
    const names = placesOf(node).flatMap(({ command }) => [
      ...command.arguments.map(({ name }) => name),
      ...command.options.filter(({ takesValue }) => takesValue).map(valueName),
    ]);
    const known = new Set([...Object.keys(table), ...free]);
    assertEquals([...new Set(names)].filter((name) => !known.has(name)), []);
  }
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  judged(shell, `${shell} accepts the scripts of both programs`, async () => {
    for (const program of ["tower", "tower-build"] as const) {
      const stdin = new TextEncoder().encode(scriptOf(program, shell));
      const { stderr } = await runner.run({ argv: [shell, "-n", "/dev/stdin"], stdin });
      assertEquals(text(stderr), "");
    }
  });
}

judged("groff", "groff has nothing to say about the manual pages", async () => {
  for (const [name, { node }] of Object.entries(programs())) {
    const page = manualPage(node, { version: "1.0", exitCodes: [[0, "done"]] });
    const { stdout, stderr } = await runner.run({
      argv: ["groff", "-man", "-Tutf8", "-ww", "-P-cbou"],
      stdin: new TextEncoder().encode(page),
    });
    assertEquals(text(stderr), "");
    assertStringIncludes(text(stdout), `${name} completion`);
    assertNotMatch(text(stdout), /\\e|\\\(dq/);
  }
});
