import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION_TEXT } from "../../build/version.ts";
import { assertGolden } from "../support/program/golden.ts";
import { TestProgram } from "../support/program/test_program.ts";

const SYSTEMS_HINT =
  "  hint: tower-build systems lists what can be built, tower-build new NAME writes a manifest";
const COMMANDS = [
  "systems",
  "new",
  "build",
  "lock",
  "plan",
  "resolve",
  "why",
  "why-not",
  "show-tree",
  "extract",
  "sbom",
  "sign",
  "verify",
  "diff",
  "boot",
  "flash",
  "repo",
  "repo pack",
  "repo index",
  "keys",
  "keys secure-boot",
  "efi",
  "efi list",
  "efi sign",
  "efi verify",
  "clean",
];

Deno.test("the help of the program and of each command is what it was", async () => {
  using program = new TestProgram();
  for (const command of ["", ...COMMANDS]) {
    const words = command.split(" ").filter((word) => word !== "");
    const { code, out, err } = await program.run(...words, "--help");
    assertEquals([code, err], [0, ""], command);
    assertGolden(`help/${["tower-build", ...words].join("-")}.txt`, out);
    assertEquals((await program.run(...words, "-h")).out, out);
  }
});

Deno.test("the help lists every command", async () => {
  using program = new TestProgram();
  const { out } = await program.run("--help");
  for (const command of COMMANDS.filter((c) => !c.includes(" "))) {
    assertStringIncludes(out, `\n  ${command} `);
  }
});

Deno.test("--version tells the version", async () => {
  using program = new TestProgram();
  assertEquals(await program.run("--version"), { code: 0, out: `${VERSION_TEXT}\n`, err: "" });
});

Deno.test("a wrong command line says what is wrong, points to the help, and ends with 2", async () => {
  const cases: [args: string[], message: string][] = [
    [["frob"], 'unknown command "frob"'],
    [["repo", "frob"], 'unknown command "frob"'],
    [["biuld", "lab"], 'unknown command "biuld"; did you mean "build"?'],
    [["build"], "missing required argument 'system'"],
    [["build", "a", "b"], "too many arguments for 'build'. Expected 1 argument but got 2: a, b."],
    [["build", "a", "--frozn"], 'unknown option "--frozn"; did you mean "--frozen"?'],
    [["build", "a", "--output"], "option '--output <dir>' argument missing"],
    ...["0", "-1", "1.5", "65536", "1e3", "two", ""].map((jobs): [string[], string] => [
      ["build", "a", `--jobs=${jobs}`],
      `Cannot use "${jobs}" for --jobs <n>: it must be a whole number from 1 to 65535`,
    ]),
    [["resolve", "--keys", "k", "--repository", "/r"], "missing required argument 'constraint'"],
    [["resolve", "a", "--keys", "k"], "required option '--repository <url>' not specified"],
    [["resolve", "a", "--repository", "/r"], "required option '--keys <dir>' not specified"],
    [
      ["resolve", "a", "--keys", "k", "--repository", "/r", "--arch", "z80"],
      'Cannot use "z80" for --arch <arch>: it is one of x86_64, aarch64, armv7',
    ],
    [["completion", "tcsh"], 'Cannot use "tcsh" as <shell>: it is one of bash, zsh, fish'],
    [["why"], "missing required argument 'name'"],
    [["why-not"], "missing required argument 'name'"],
    [["verify"], "missing required argument 'dir'"],
    [["boot"], "missing required argument 'image'"],
    [
      ["boot", "i", "--firmware", "coreboot"],
      'Cannot use "coreboot" for --firmware <kind>: it is one of bios, uefi, secure-boot',
    ],
    [["repo", "pack", "t"], "required option '--info <file>' not specified"],
    [["repo", "index", "d"], "required option '--key <file>' not specified"],
    [["efi", "list"], "missing required argument 'system'"],
    [["efi", "sign", "f"], "required option '--key <file>' not specified"],
    [["efi", "verify", "f"], "required option '--certificate <file>' not specified"],
    [
      ["build", "a", "--secure-boot-key", "k", "--secure-boot-signatures", "s"],
      "option '--secure-boot-key <file>' cannot be used with option " +
      "'--secure-boot-signatures <file>'",
    ],
    [["keys", "secure-boot"], "required option '--output <dir>' not specified"],
    ...["2025-02-31", "2025-1-1", "1969-12-31", "2100-01-01", "2025-01-01T00:00:00Z", ""].map(
      (date): [string[], string] => [
        ["keys", "secure-boot", "--output", "k", `--valid-from=${date}`],
        `Cannot use "${date}" for --valid-from <date>: it must be a date such as 2025-01-31`,
      ],
    ),
    [
      ["keys", "secure-boot", "--output", "k", "--timestamp", "2025-01-01T25:00:00Z"],
      'Cannot use "2025-01-01T25:00:00Z" for --timestamp <date>: ' +
      "it must be a date such as 2025-01-31",
    ],
    ...["", " a", "Grüße", "x".repeat(61)].map((name): [string[], string] => [
      ["keys", "secure-boot", "--output", "k", `--name=${name}`],
      `Cannot use "${name}" for --name <name>: it must be 1 to 60 characters of plain ASCII`,
    ]),
  ];
  using program = new TestProgram();
  for (const [args, message] of cases) {
    const { code, out, err } = await program.run(...args);
    const [, name] = /\n {2}hint: tower-build ?(.*) --help tells the options\n$/.exec(err) ?? [];
    assertEquals({ code, out }, { code: 2, out: "" });
    assertEquals(err.split("\n  hint: ")[0], `error: ${message}`);
    assert(name !== undefined && (args.join(" ") + " ").startsWith(`${name} `.trimStart()), err);
  }
});

Deno.test("without a command, and for a group alone, the help is shown and the status is 2", async () => {
  using program = new TestProgram();
  for (const args of [[], ["repo"], ["keys"], ["efi"]]) {
    const { code, out, err } = await program.run(...args);
    assertEquals([code, out], [2, ""]);
    assert(err.startsWith("Usage: tower-build"));
  }
});

Deno.test("values that cannot be right are wrong usage, before anything is read", async () => {
  using program = new TestProgram();
  program.repository();
  const keys = ["--keys", "repository/keys"];
  const HINT = '  hint: give an http(s) URL, an absolute path, "@tag URL", or "lab"';
  for (const repository of ["blah", "ftp://a/b", "http://", "@ x", "../r", "https:/x", ""]) {
    assertEquals(await program.fails("resolve", "hello", "--repository", repository, ...keys), {
      code: 2,
      error: [`error: Cannot use repository "${repository}"`, HINT],
    });
  }
  assertEquals(await program.fails("build", "lab", "--arch", "z80"), {
    code: 2,
    error: [
      'error: Cannot build "lab" for "z80"',
      "  hint: Tower knows x86_64, aarch64, armv7",
    ],
  });
  assertEquals(await program.fails("build", "lab", "--arch", "armv7"), {
    code: 2,
    error: ['error: Cannot build "lab" for "armv7"', "  hint: this system knows x86_64, aarch64"],
  });
});

Deno.test("a system or package that was mistyped is told the one that was meant", async () => {
  using program = new TestProgram();
  program.repository();
  assertEquals(
    (await program.fails("plan", "hots")).error[0],
    'error: Cannot find system "hots"; did you mean "host"?',
  );
  for (const command of [["boot", "hots"], ["flash", "hots", "/dev/null"]]) {
    assertEquals(
      (await program.fails(...command)).error[0],
      'error: Cannot find an image of "hots" in "DIR/cache/builds"; did you mean "host"?',
    );
  }
  const { error } = await program.fails(
    ...["resolve", "helo", "--repository", program.path("repository"), "--keys", "repository/keys"],
  );
  assertEquals(error, [
    "error: Cannot choose packages for the world:",
    'helo: no repository has it, asked for by world (helo); did you mean "hello"?',
  ]);
});

Deno.test("a manifest in the folder may be meant where .yaml or a letter is left out", async () => {
  using program = new TestProgram();
  program.write("small.yaml", "extends: lab\n");
  program.write("parts/base.yaml", "extends: lab\n");
  for (const command of ["build", "plan", "lock", "show-tree"]) {
    for (const system of ["small", "smal"]) {
      assertEquals(
        (await program.fails(command, system)).error[0],
        `error: Cannot find system "${system}"; did you mean "./small.yaml"?`,
      );
    }
    const there = "there is no such file or folder; did you mean";
    for (
      const [asked, meant] of [["smal.yaml", "./small.yaml"], ["parts/bas.yml", "parts/base.yaml"]]
    ) {
      assertEquals((await program.fails(command, asked!)).error, [
        `error: Cannot read "DIR/cwd/${asked}": ${there} "${meant}"?`,
        SYSTEMS_HINT,
      ]);
    }
  }
});

Deno.test("text of strangers cannot drive the terminal", async () => {
  using program = new TestProgram();
  const { error } = await program.fails("build", "\x1b[2J\u202eevil.yaml");
  assertEquals(error, [
    'error: Cannot read "DIR/cwd/\\x1b[2J\\x202eevil.yaml": there is no such file or folder',
    SYSTEMS_HINT,
  ]);
});
