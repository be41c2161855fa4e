import { assertEquals } from "@std/assert";
import { commandTree as buildTree, run as runBuild } from "../../build/root.ts";
import { commandTree as towerTree, run as runTower } from "../../cli/root.ts";
import { describeCommand, placesOf } from "../../lib/completion/command_tree.ts";
import { TowerError } from "../../lib/errors.ts";
import { type Answer, RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { newEnding } from "../../lib/program/ending.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import { labRepository } from "../support/build/lab_repository.ts";
import { type RandomNumbers, randomNumbers } from "../support/program/random_numbers.ts";
import { type TestEnv, testEnv } from "../support/program/test_env.ts";
import { smallManifest } from "../support/program/test_program.ts";

const SEED = Number(Deno.env.get("TOWER_SEED") ?? 20261127);
/** Command lines of each program. */
const CASES = Number(Deno.env.get("TOWER_COMMAND_LINES") ?? 300);
/** What a command that waits is given, in milliseconds. */
const WAIT = 150;

/** 255 is ssh's own. */
const PROGRAMS = {
  tower: { run: runTower, tree: towerTree, codes: [0, 1, 2, 3, 130, 255] },
  "tower-build": { run: runBuild, tree: buildTree, codes: [0, 1, 2, 130] },
} as const;

/** What people give by mistake or on purpose. Absolute paths are of what nobody can write to. */
const WORDS = [
  ...[
    "",
    " ",
    "-",
    "--",
    "---",
    "-x",
    "--frob",
    "--=",
    "-h",
    "--help",
    "help",
    "-V",
    "-vq",
    "--json",
  ],
  ...["0", "1", "-1", "65535", "65536", "1e3", "NaN", "22:22", "0:0", "1:2:3", "a=b", "x:y"],
  ...[
    "vault",
    "router",
    "bad",
    "nobody",
    "VAULT",
    "thinclient",
    "internet",
    "vault:22",
    "vault:22/udp",
  ],
  ...["192.168.3.200", "192.168.2.1:22", "10.0.0.1", "fd00::1", "[::1]:22", "::", "1.2.3.4.5"],
  ...[
    "x86_64",
    "aarch64",
    "armv7",
    "z80",
    "lab",
    "host",
    "small.yaml",
    "broken.yaml",
    "noise",
    "folder",
  ],
  ...[
    "empty",
    "nowhere",
    "nowhere/deep",
    "../cwd",
    ".",
    "/proc/1/mem",
    "/proc/self/nowhere",
    "/dev/null",
  ],
  ...[
    "repository",
    "repository/keys",
    "hello",
    "hello=1",
    "hello>>",
    "@tag",
    "http://[",
    "file:///",
  ],
  ...[
    "\u202e",
    "\x1b[2J",
    "é",
    "\ud800",
    "${HOME}",
    "$(id)",
    "%s",
    "a\nb",
    "*",
    "'",
    '"',
    "a".repeat(300),
  ],
  ...[
    "bash",
    "fish",
    "UTC",
    "Europe/Nowhere",
    "us/us",
    "de_DE",
    "Light gray",
    "lo",
    "00:11:22:33:44:55",
  ],
] as const;

const ANSWERS: readonly Answer[] = [
  {},
  { code: 1, stderr: "it failed" },
  { code: 255 },
  { signal: "SIGKILL" },
  { stdout: "0\n" },
  { stdout: "1000\n" },
  { stdout: "{}" },
  { stdout: "[]\n" },
  { stdout: '{"blockdevices":[]}' },
  { stdout: new Uint8Array([0, 255, 10, 27, 0xe2]) },
];
const TOOLS =
  "ssh ssh-keygen lsblk blockdev ip id doas sudo qemu-system-x86_64 xz iptables-save sysctl"
    .split(" ");

/** What leads further than to the first refusal, by the name of an argument or option. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  host: ["vault", "router"],
  system: ["small.yaml", "lab"],
  name: ["hello", "vault", "new-host"],
  constraint: ["hello"],
  image: ["empty", "noise", "folder"],
  dir: ["repository", "folder"],
  from: ["vault", "thinclient"],
  to: ["router:22", "vault"],
  command: ["ls", "-l"],
  "--keys": ["repository/keys"],
  "--repository": ["repository"],
  "--image": ["noise"],
  "--device-file": ["new.img"],
};

function wordFor(random: RandomNumbers, name: string, choices: readonly string[]): string {
  const fitting = FITTING[name] ?? choices;
  return fitting.length > 0 && random.below(3) > 0 ? random.pick(fitting) : random.pick(WORDS);
}

/** A line with a command of the program, some of its options and some words, now and then torn. */
function lineOf(random: RandomNumbers, program: keyof typeof PROGRAMS, env: TestEnv): string[] {
  const places = placesOf(describeCommand(PROGRAMS[program].tree(env, newEnding())));
  const { path, command } = random.pick(places);
  const words = [...path];
  for (const argument of command.arguments) {
    const count = argument.isVariadic ? random.below(4) : random.below(8) > 0 ? 1 : random.below(3);
    for (let i = 0; i < count; i++) words.push(wordFor(random, argument.name, argument.choices));
  }
  for (let i = random.below(5); i > 0; i--) {
    const option = random.pick(command.options);
    if (option.long === "--help" && random.below(4) > 0) continue;
    const at = path.length + random.below(words.length - path.length + 1);
    const name = option.long ?? option.short!;
    const value = wordFor(random, name, option.choices);
    const given = !option.takesValue
      ? [name]
      : random.below(3) > 0
      ? [name, value]
      : [`${name}=${value}`];
    words.splice(at, 0, ...given);
  }
  if (random.below(6) === 0) words.splice(random.below(words.length + 1), 0, random.pick(WORDS));
  if (random.below(10) === 0) words.splice(random.below(words.length + 1), 1);
  return words;
}

/** A machine on which every program answers at random. */
function machine(random: RandomNumbers): TestEnv {
  const scripts = TOOLS.filter(() => random.below(5) > 0)
    .map((tool) => [tool, () => random.pick(ANSWERS)] as const);
  return testEnv({
    runner: new RecordingRunner(Object.fromEntries(scripts)),
    isTerminal: random.below(2) === 0,
    columns: random.pick([1, 40, 80]),
    answers: Array.from({ length: random.below(4) }, () => random.pick(WORDS)),
    patience: { waits: [], answer: 50, stall: 50, total: 50, notice: 50 },
  });
}

/** Hosts, manifests and files for {@linkcode WORDS} to name. */
function furnish({ home, dir }: TestEnv): void {
  for (const name of ["vault", "router"]) layHost(`${home}/.local/tower`, name);
  layHost(`${home}/.local/tower`, "bad", "HOSTNAME='bad'; reboot\n");
  const cwd = `${dir}/cwd`;
  const { folder } = labRepository(`${cwd}/repository`);
  Deno.mkdirSync(`${cwd}/folder`);
  Deno.writeTextFileSync(`${cwd}/small.yaml`, smallManifest(folder));
  Deno.writeTextFileSync(`${cwd}/broken.yaml`, "name: [\nextends: 1.10\n");
  Deno.writeTextFileSync(`${cwd}/empty`, "");
  const random = randomNumbers(1);
  Deno.writeFileSync(`${cwd}/noise`, Uint8Array.from({ length: 5000 }, () => random.below(256)));
}

/** What a run said that no user should see; undefined where all is well. */
function fault(code: number, err: string, codes: readonly number[]): string | undefined {
  if (!codes.includes(code)) return `exit status ${code}`;
  return /please report|^ {4}at |undefined|\[object|(Type|Range|Reference|Syntax)Error/m.exec(err)
    ?.[0];
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  Deno.test(`whatever is typed, ${name} ends with a message of its own`, async () => {
    const random = randomNumbers(SEED);
    const faults: string[] = [];
    for (let done = 0; done < CASES && faults.length < 5;) {
      using env = machine(random);
      furnish(env);
      for (let i = 0; i < 20; i++, done++) {
        const args = lineOf(random, name as keyof typeof PROGRAMS, env);
        const stop = new AbortController();
        const timer = setTimeout(
          () => stop.abort(new TowerError("interrupted", "Cannot go on: the time is up")),
          WAIT,
        );
        const before = env.err.length;
        const found = await program.run({ ...env, args, signal: stop.signal })
          .then((code) => fault(code, env.err.slice(before), program.codes), String);
        clearTimeout(timer);
        if (found) faults.push(`${found}: ${JSON.stringify(args)}\n${env.err.slice(before)}`);
      }
    }
    assertEquals(faults, [], `TOWER_SEED=${SEED}`);
  });
}
