import { assertEquals, assertStringIncludes } from "@std/assert";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { removeTree } from "../../lib/files/files.ts";
import { isConfirmed } from "../../lib/program/confirmation.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";
import { testEnv } from "../support/program/test_env.ts";
import { TestProgram } from "../support/program/test_program.ts";

/** What a newcomer types, and what it is answered with: error, then hint. */
const MISTAKES: readonly [args: string, error: string, hint: string][] = [
  [
    "new a --key nosuch.pub",
    'Cannot use key "DIR/cwd/nosuch.pub": there is no such file',
    "ssh-keygen -t ed25519 -f my-key makes a pair: my-key.pub is the public one",
  ],
  [
    "build ./nothing.yaml",
    'Cannot read "DIR/cwd/nothing.yaml": there is no such file or folder',
    "tower-build systems lists what can be built, tower-build new NAME writes a manifest",
  ],
  [
    "build README.md",
    'Cannot use "README.md" as a manifest: its name does not end in .yaml',
    "name a manifest FILE.yaml, or a system: host, host-uefi, lab, lab-sealed, thinclient",
  ],
  [
    "plan docs",
    'Cannot use "docs" as a manifest: it is a folder',
    "name a manifest FILE.yaml, or a system: host, host-uefi, lab, lab-sealed, thinclient",
  ],
  [
    "boot mine",
    'Cannot find an image of "mine" in "DIR/cache/builds"',
    "build one with: tower-build build mine.yaml",
  ],
  [
    "boot README.md --ssh --identity nosuch",
    'Cannot log in with "DIR/cwd/nosuch": there is no such file',
    "--identity names a private key: my-key where the image lets in my-key.pub",
  ],
  ...["extract lab /etc/motd", "show-tree lab.img:root /etc"].map((
    args,
  ): [string, string, string] => [
    args,
    `Cannot read "${args.split(" ")[1]}": it is not there`,
    "name an image by its file, as tower-build build prints it: FILE, FILE:root for a partition",
  ]),
  ...([
    ["docs", "it has no record.json, so it is no build"],
    ["README.md", "it is a file, not the folder of a build"],
    ["nowhere", "there is no such folder"],
  ] as const).flatMap(([path, cause]): [string, string, string][] =>
    [`verify ${path}`, `verify ${path} --key k`, `sign ${path} --key k`].map((args) => [
      args,
      `Cannot ${args.split(" ")[0]} "DIR/cwd/${path}": ${cause}`,
      "name the folder of a build, such as ~/.cache/tower/builds/lab-x86_64",
    ])
  ),
];

Deno.test("what a newcomer mistypes is told for what it is, with what to do", async () => {
  using program = new TestProgram();
  program.write("README.md", "# Tower\n");
  program.write("docs/a.md", "");
  program.write("mine.yaml", "name: mine\n");
  for (const [args, error, hint] of MISTAKES) {
    const { code, err } = await program.run(...args.split(" "));
    assertEquals(code, 1, args);
    assertEquals(err, `error: ${error}\n  hint: ${hint}\n`);
  }
});

Deno.test("a key that the README shows with dots is told to be put in", async () => {
  using program = new TestProgram();
  const manifest = /```yaml\n(# my-host\.yaml\n[^]*?)```/.exec(
    await Deno.readTextFile(new URL("../../README.md", import.meta.url)),
  )![1]!;
  program.write("my-host.yaml", manifest);
  const { code, err } = await program.run("plan", "my-host.yaml");
  assertEquals(code, 1);
  assertStringIncludes(
    err,
    "authorizedKeys[0]: has dots where a key belongs: put the line of your own ~/.ssh/id_ed25519.pub",
  );
});

Deno.test("where nothing may be written, it is told which folders can be others", async () => {
  using program = new TestProgram();
  // Nobody may make a folder there, root neither.
  Object.assign(program.env, { cacheDir: "/sys/tower" });
  const { code, err } = await program.run("build", "lab");
  assertEquals(code, 1);
  assertStringIncludes(err, 'Cannot make the content store "/sys/tower/store": ');
  assertStringIncludes(
    err,
    "\n  hint: Choose a folder that you may write to: --output for what is ",
  );
  assertStringIncludes(err, "XDG_CACHE_HOME for the cache");
});

Deno.test("a question that nobody can answer names the option that goes without", async () => {
  const told = "\nNobody is there to answer: --no-confirm goes on without.\n";
  using nobody = testEnv();
  assertEquals([await isConfirmed(nobody), nobody.err], [false, `Go on? [y/N] ${told}`]);
  using somebody = testEnv({ answers: ["n"] });
  assertEquals([await isConfirmed(somebody), somebody.err], [false, "Go on? [y/N] "]);
});

Deno.test("a host that ssh does not reach is told, and what tells more", async () => {
  const runner = new RecordingRunner({ ssh: { code: 255 }, scp: { code: 255 } });
  // A short path: there are no sockets below a long one.
  const home = Deno.makeTempDirSync({ dir: "/tmp", prefix: "t-" });
  using _home = { [Symbol.dispose]: () => removeTree(home) };
  using tower = new TowerProgram({ runner, home });
  layHost(tower.folder, "vault");
  for (const args of [["ssh", "vault"], ["ssh", "vault", "true"], ["cp", "vault:a", "."]]) {
    const { code, err } = await tower.run(...args);
    assertEquals(code, 255, err);
    assertEquals(
      err,
      '"vault" was not reached, or what ran there ended with 255: ' +
        "tower status vault tells how it is\n",
    );
  }
});

Deno.test("sbom of a system that was never built says how to build it, and where its record is then", async () => {
  using program = new TestProgram();
  for (const [dir, file] of [["lab", "lab"], [".", "record.json"]] as const) {
    assertEquals(await program.fails("sbom", dir, "--format", "spdx"), {
      code: 1,
      error: [
        `error: Cannot read "DIR/cwd/${file}": there is no such file or folder`,
        "  hint: build it first: tower-build build NAME; its record is then in DIR/cache/builds/NAME",
      ],
    });
  }
});
