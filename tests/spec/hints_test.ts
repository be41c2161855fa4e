import { assert, assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { commandTree as buildTree } from "../../build/root.ts";
import { commandTree as towerTree } from "../../cli/root.ts";
import { type CommandNode, describeCommand, placesOf } from "../../lib/completion/command_tree.ts";
import { newEnding } from "../../lib/program/ending.ts";
import { testEnv } from "../support/program/test_env.ts";

/** A hint of the sources: where it stands, and its text with what is put in as `${…}`. */
interface Hint {
  readonly place: string;
  readonly text: string;
}

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

function* sourcesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts") && !/(_test|\.d)\.ts$/.test(name)) yield path;
  }
}

/** Every literal of a `hint` or `mend`, and of the functions whose names say that they make one. */
function hintsIn(path: string): Hint[] {
  const source = Deno.readTextFileSync(join(ROOT, path));
  const begin = /\b(?:hint|mend)(?::| =)|function (?:hintTo|labHint)\(/g;
  return [...source.matchAll(begin)].map(({ 0: word, index }) => {
    const end = word.startsWith("function") ? "\n}\n" : /[;)]\n|\n\s*}/;
    const rest = source.slice(index, index + 1200);
    const at = rest.search(end as RegExp);
    const code = at < 0 ? rest : rest.slice(0, at);
    const line = source.slice(0, index).split("\n").length;
    const literals = [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`([^`]*)`|'([^'\n]*)'/g)];
    const text = literals.map(([, a, b, c]) => a ?? b ?? c).join("\n");
    return { place: `${path}:${line}`, text };
  }).filter(({ text }) => text !== "");
}

const hints = ["build", "cli", "lib"].flatMap((folder) =>
  [...sourcesIn(folder)].sort().flatMap(hintsIn)
);
using env = testEnv();
const PROGRAMS: Readonly<Record<string, CommandNode>> = {
  "tower-build": describeCommand(buildTree(env, newEnding())),
  tower: describeCommand(towerTree(env)),
};

/** What keeps a command from being one that the program takes; undefined where nothing does. */
function refusal(program: string, words: readonly string[]): string | undefined {
  let command = PROGRAMS[program]!;
  if (words.at(-1) === "--help") return helpRefusal(command, words.slice(0, -1));
  let given = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const next = command.commands.find(({ name }) => name === word);
    if (next) command = next;
    else if (word.startsWith("--")) {
      const option = command.options.find(({ long }) => long === word);
      if (option === undefined) return `${command.name} has no option ${word}`;
      if (option.takesValue && words[++i] === undefined) return `${word} wants a value`;
    } else if (command.commands.length > 0) return `${command.name} has no command ${word}`;
    else given++;
  }
  if (command.commands.length > 0) return `${command.name} wants a command`;
  const needed = command.arguments.filter(({ isRequired }) => isRequired).length;
  return given < needed ? `${command.name} wants ${needed} arguments` : undefined;
}

/** `--help` behind a command is taken without its arguments. */
function helpRefusal(from: CommandNode, words: readonly string[]): string | undefined {
  let command: CommandNode | undefined = from;
  for (const word of words) command = command?.commands.find(({ name }) => name === word);
  return command === undefined ? `there is no command ${words.join(" ")}` : undefined;
}

Deno.test("a command that a hint names is one that the program takes", () => {
  let named = 0;
  for (const { place, text } of hints) {
    // A command, then lower-case words, options, values in capitals or put in.
    const form =
      /(?<![\w-])(tower-build|tower)((?: (?:--)?[a-z][a-z-]+| [A-Z][A-Z.a-z]*| \$\{[\w.]+\})+)/g;
    for (const [whole, program, rest] of text.matchAll(form)) {
      // Of what a program does, not what to do with it.
      if (/ (wrote|writes)\b/.test(whole)) continue;
      const words = rest!.trim().split(" ");
      // The sentence goes on behind the command: words that the program does not wait for are its.
      let end = 1;
      while (end < words.length && !isSentence(program!, words.slice(0, end), words[end]!)) end++;
      const command = words.slice(0, end);
      assertEquals(refusal(program!, command), undefined, `${place}: ${whole}`);
      named++;
    }
  }
  assertGreater(named, 8);
});

function isSentence(program: string, before: readonly string[], word: string): boolean {
  return /^[a-z]/.test(word) && refusal(program, before) === undefined;
}

Deno.test("an option that a hint names is one of some command", () => {
  const known = new Set(
    Object.values(PROGRAMS).flatMap((program) =>
      placesOf(program).flatMap(({ command }) => command.options.map(({ long }) => long))
    ),
  );
  // Of other programs: zstd, wg, ssh-keygen and the like are named in the same hint.
  const foreign =
    /(?:zstd|xz|gzip|lsblk|apk|sha256sum|ssh-keygen|openssl|cryptsetup|: tar|GNU tar)[^;,]*$/;
  let named = 0;
  for (const { place, text } of hints) {
    for (const match of text.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)) {
      if (foreign.test(text.slice(0, match.index))) continue;
      assert(known.has(match[0]), `${place}: ${match[0]}`);
      named++;
    }
  }
  assertGreater(named, 10);
});

Deno.test("a task that a hint names is there", () => {
  const tasks = Object.keys(config.tasks);
  for (const { place, text } of hints) {
    for (const [, task] of text.matchAll(/deno task ([a-z-]+)/g)) {
      assert(tasks.includes(task!), place);
    }
  }
});
