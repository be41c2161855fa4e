import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { planBuild } from "../../../build/pipeline.ts";
import { run } from "../../../build/root.ts";
import { realEnv } from "../../../lib/env.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { compileAll } from "../../../tasks/compile/compile_all.ts";
import { PROGRAMS } from "../../../tasks/compile/programs.ts";
import type { ProgramRecord } from "../../../tasks/compile/record.ts";
import type { RuntimeKind } from "../../../tasks/compile/runtime.ts";
import { BareRoot } from "../../support/compile/bare_root.ts";
import { CARD_SIZE, CARD_TOOLS, makeCardImage } from "../../support/fleet/card_image.ts";
import {
  cacheFolder,
  COMPILE_TOOLS,
  compileHello,
  runtimesAtHand,
  smokeBase,
  tellOfDenort,
} from "../../support/compile/compiled_smoke.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { labRepository, SMALL_SYSTEM } from "../../support/build/lab_repository.ts";
import { labMissing, labRequest } from "../../support/build/lab_system.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";
import { testEnv } from "../../support/program/test_env.ts";
import { smallManifest } from "../../support/program/test_program.ts";

const runner = denoRunner();
const missing = [...COMPILE_TOOLS, ...CARD_TOOLS, "bash", "unshare"].filter((tool) =>
  !runner.which(tool)
);
const skip = missing.length > 0
  ? `${missing.join(", ")} missing`
  : Deno.build.arch !== "x86_64"
  ? "needs an x86_64 machine"
  : Deno.uid() !== 0
  ? "needs root, for chroot and namespaces"
  : undefined;
const PROJECT = fromFileUrl(new URL("../../..", import.meta.url));

interface Made {
  readonly folder: string;
  readonly records: readonly ProgramRecord[];
  /** What was said on the way. */
  readonly said: string;
}

/** What belongs to another C library, and to other programs of Deno. */
const POISON = {
  LD_PRELOAD: "/lib/libz.so.1",
  LD_LIBRARY_PATH: "/foo",
  DENO_DIR: "/tmp/deno",
  DENO_V8_FLAGS: "--no-such-flag",
  NODE_OPTIONS: "--require=/none.js",
};
const hex = (n: number) => n.toString(16).padStart(8, "0");

tellOfDenort("the programs");
for (const kind of runtimesAtHand()) testsOf(kind);

function testsOf(kind: RuntimeKind): void {
  const test = (name: string, fn: () => Promise<void>, why = skip) =>
    Deno.test({
      name: `${kind}: ${name}` + (why === undefined ? "" : ` (skipped: ${why})`),
      ignore: why !== undefined,
      sanitizeResources: false,
      fn,
    });

  let shared: Promise<Made> | undefined;

  /** Both programs, as `deno task compile` makes them. */
  function made(): Promise<Made> {
    return shared ??= (async () => {
      using env = testEnv({ runner });
      const folder = await Deno.makeTempDir({ prefix: "tower-test-" });
      await Deno.chmod(folder, 0o755);
      globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
      const records = await compileAll({
        targets: ["x86_64"],
        programs: PROGRAMS,
        runtime: kind,
        output: folder,
        project: PROJECT,
        env: { ...env, cacheDir: dirname(cacheFolder()) },
        deno: { path: Deno.execPath(), version: Deno.version.deno, machine: Deno.build.arch },
        isFresh: false,
      });
      return { folder, records, said: env.err };
    })();
  }

  async function pathOf(name: string): Promise<string> {
    const { folder, records } = await made();
    return join(folder, records.find(({ program }) => program === name)!.file);
  }

  async function installed(): Promise<BareRoot> {
    const root = await BareRoot.open(runner);
    for (const { name } of PROGRAMS) {
      await root.install(name, await Deno.readFile(await pathOf(name)));
    }
    return root;
  }

  test("each comes with its record, the notices and a sum that sha256sum agrees with", async () => {
    const { folder, records, said } = await made();
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    const files = records.map(({ file }) => file);
    const expected = [...files, ...files.map((f) => `${f}.json`), "NOTICES-linux-x86_64"];
    assertEquals(names, [...expected, "SHA256SUMS"].sort());
    await runner.run({ argv: ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd: folder });
    for (const record of records) {
      assertLess(record.size, 105_000_000);
      assertEquals([record.runtime.kind, record.runtime.version], [kind, Deno.version.deno]);
      assertMatch(record.commit, /^[0-9a-f]{40}(-changed)?$|^unknown$/);
      assertEquals(Object.keys(record.libraries)[0], "ld-linux-x86-64.so.2");
    }
    assertStringIncludes(said, kind === "deno" ? "x86_64: deno " : "x86_64: deno compile with ");
    const notices = await Deno.readTextFile(join(folder, "NOTICES-linux-x86_64"));
    for (const words of ["GNU Lesser General Public", "Runtime Library Exception", `(${kind})`]) {
      assertStringIncludes(notices, words);
    }
  });

  test("both work on a bare system as any user, without a network", async () => {
    const { records } = await made();
    using root = await installed();
    for (const uid of [0, 65534] as const) {
      const how = { uid, isHarsh: true, variables: { HOME: "/tmp", ...POISON } };
      const run = (...argv: [string, ...string[]]) => root.run({ ...how, argv });
      for (const { program, version, commit } of records) {
        const shown = await run(program, "--version");
        assertEquals(shown.stdout, `${program} ${version} (commit ${commit}, linux-x86_64)\n`);
        assertEquals(shown.stderr, "");
        assertStringIncludes((await run(program, "completion", "bash")).stdout, `complete -F`);
        assertStringIncludes((await run(program, "manual")).stdout, "EXIT STATUS");
      }
      assertEquals((await run("tower", "list")).stdout, "No host found.\n");
      assertEquals((await run("tower", "list", "--json")).stdout, "[]\n");
      // The manifest is read out of the program, and all of it that names other files.
      const argv = ["tower-build", "plan", "lab", "--lock", "/tmp/none"] as const;
      const plan = await root.run({ ...how, argv, okCodes: [1] });
      assertStringIncludes(plan.stderr, "lab repository: it was not made yet");
      const none = await root.run({ ...how, argv: ["tower-build", "plan", "no"], okCodes: [1, 2] });
      assertMatch(none.stderr, /\blab\b/, "an unknown system is told with the known ones");
    }
  });

  test("every command loads: its help is what the sources print, and so is the program's", async () => {
    using root = await installed();
    for (const { name, run } of PROGRAMS) {
      const told = async (...args: string[]) => {
        using env = testEnv({ runner, args: [...args, "--help"] });
        assertEquals(await run(env), 0);
        return env.out;
      };
      const whole = await told();
      const commands = Array.from(whole.matchAll(/^ {2}([a-z][a-z-]+) /gm), (found) => found[1]!);
      assert(commands.length > 10, whole);
      const asked = [[], ...commands.filter((c) => c !== "help").map((c) => [c])];
      const script = asked.map((c) => `${name} ${c.join(" ")} --help && echo ---`).join("\n");
      const { stdout } = await root.run({ uid: 65534, argv: ["sh", "-ec", script] });
      const shown = stdout.split("---\n").slice(0, -1);
      assertEquals(shown, await Promise.all(asked.map((c) => told(...c))));
    }
  });

  test("tower-build builds on a bare system what it builds from its sources here", async () => {
    using root = await installed();
    using work = tempFolder();
    Deno.chmodSync(work.path, 0o755);
    // Large enough that workers, which are modules of their own, load the packages.
    const random = randomNumbers(4);
    const noise = () => Array.from({ length: 600_000 }, () => hex(random.below(2 ** 32))).join("");
    const large = ["one", "two"].map((name) => ({ name, files: { [`srv/${name}`]: noise() } }));
    const repository = labRepository(join(work.path, "repository"), [...SMALL_SYSTEM, ...large]);
    const world = ["hello", "one", "two"];
    const manifest = join(work.path, "small.yaml");
    await Deno.writeTextFile(manifest, smallManifest(repository.folder, { world }));
    await runner.run({ argv: ["cp", "-R", "--parents", work.path, root.path] });
    await Deno.chmod(join(root.path, "tmp"), 0o1777);
    const build = ["build", manifest, "--keys", repository.keys, "--jobs", "2"] as const;
    await root.run({
      uid: 65534,
      argv: ["tower-build", ...build, "--output", "/tmp/out"],
      variables: { HOME: "/tmp", ...POISON },
    });
    using env = testEnv({ runner, args: [...build, "--output", join(work.path, "out")] });
    assertEquals(await run(env), 0, env.err);
    const there = await Deno.readFile(join(root.path, "tmp/out/small.tar"));
    assertEquals(hexOf(digestOf(there)), hexOf(hashFile(join(work.path, "out/small.tar"))));
    assertEquals(Array.from(Deno.readDirSync(join(root.path, "tmp")), ({ name }) => name).sort(), [
      ...[".cache", work.path.replace("/tmp/", ""), "out"].sort(),
    ], "nothing of Deno's");
  });

  test("tower-build plans the lab as its sources do", async () => {
    using work = tempFolder();
    const { stdout } = await runner.run({
      argv: [
        await pathOf("tower-build"),
        "plan",
        "--json",
        "lab",
        "--offline",
        "--lock",
        join(work.path, "l"),
      ],
      variables: { XDG_CACHE_HOME: dirname(realEnv().cacheDir), ...POISON },
    });
    const request = { ...labRequest("lab", "x86_64", join(work.path, "out")), lockFile: undefined };
    using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
    const { id } = (await planBuild(request, { ...engine, reporter: silent })).plan;
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)).id, id);
  }, skip ?? labMissing());

  test("tower provision writes a card", async () => {
    using work = tempFolder();
    const image = await makeCardImage(work.path), card = join(work.path, "card.img");
    const options = ["--offline", "--timezone", "UTC", "--no-confirm", "--device-file", card];
    await runner.run({
      argv: [await pathOf("tower"), "provision", "alpha", "--image", image, ...options],
      variables: { HOME: work.path, USER: "alice", ...POISON },
      cwd: work.path,
    });
    const [from, to] = [await Deno.readFile(image), await Deno.readFile(card)];
    assertEquals([from.length, to.length], [CARD_SIZE, CARD_SIZE]);
    const half = CARD_SIZE / 2;
    assertEquals(hexOf(digestOf(to.subarray(half))), hexOf(digestOf(from.subarray(half))));
    assert(hexOf(digestOf(to)) !== hexOf(digestOf(from)), "the card has a host's own files");
    const { stdout } = await runner.run({
      argv: [await pathOf("tower"), "list"],
      variables: { HOME: work.path },
    });
    assertMatch(new TextDecoder().decode(stdout), /^alpha +offline /m);
  });

  test("a start takes little more than that of a program which does nothing", async () => {
    using work = tempFolder();
    using many = tempFolder();
    for (const name of ["router", "vault", "web"]) {
      layHost(join(many.path, ".local/tower"), name);
    }
    const hello = join(work.path, "hello");
    const base = await smokeBase(runner, "x86_64", kind);
    await Deno.writeFile(hello, await compileHello(runner, base), { mode: 0o755 });
    const [tower, build] = [await pathOf("tower"), await pathOf("tower-build")];
    interface Start {
      readonly argv: readonly string[];
      readonly home: string;
    }
    const start = (...argv: string[]): Start => ({ argv, home: work.path });
    const limits: readonly (readonly [limit: number, start: Start])[] = [
      ...[tower, build].flatMap((program) => [
        [1.3, start(program, "--version")] as const,
        [1.3, start(program, "--help")] as const,
      ]),
      // 1.4 on a quiet machine.
      [1.6, start(tower, "list")],
      // 1.8 on a quiet machine; 3.5 where one of Node's modules is loaded.
      [2.2, { argv: [tower, "list"], home: many.path }],
    ];
    // Processor time, each beside one of the program that does nothing: what else the machine does
    // adds to both, now more and now less. So a start is judged by the least time of many, and by the
    // usual ratio of such pairs; where both are over the limit, it is measured again.
    const first = start(hello);
    interface Pairs {
      readonly limit: number;
      readonly start: Start;
      readonly none: number[];
      readonly own: number[];
    }
    const pairs = limits.map(([limit, start]): Pairs => ({ limit, start, none: [], own: [] }));
    const ratioOf = ({ none, own }: Pairs) =>
      Math.min(
        Math.min(...own) / Math.min(...none),
        median(own.map((time, i) => time / none[i]!)),
      );
    const over = () => pairs.filter((pair) => !(ratioOf(pair) <= pair.limit));
    for (let round = 0; round < 40 && (round < 5 || over().length > 0); round++) {
      for (const { start, none, own } of round < 5 ? pairs : over()) {
        none.push(await processorTime(first.argv, first.home));
        own.push(await processorTime(start.argv, start.home));
      }
    }
    assertEquals(over().map((pair) => [pair.start.argv, ratioOf(pair), pair.limit]), []);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Milliseconds of user and system time that a program takes. */
async function processorTime(argv: readonly string[], home: string): Promise<number> {
  // The second line is of the children; dash counts in ticks.
  const script = '"$@" >/dev/null; times';
  const { stdout } = await runner.run({
    argv: ["bash", "-c", script, "sh", ...argv],
    variables: { HOME: home },
  });
  const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  return last.split(" ").reduce((sum, time) => {
    const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(time)!;
    return sum + Number(minutes) * 60_000 + Number(seconds) * 1000;
  }, 0);
}
