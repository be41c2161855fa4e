import { assertEquals, assertMatch } from "@std/assert";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

/** How a build fails over a manifest in the working directory. */
async function fault(text: string, files: Readonly<Record<string, string>> = {}) {
  using program = new TestProgram();
  program.repository();
  for (const [name, content] of Object.entries(files)) program.write(name, content);
  program.write("m.yaml", text.replaceAll("REPOSITORY", program.path("repository")));
  const args = ["build", "m.yaml", "--keys", "repository/keys", "--output", "out"];
  const { code, error } = await program.fails(...args);
  assertEquals(code, 1);
  return error;
}

Deno.test("all faults of a manifest come at once, each with line, column and field", async () => {
  const text = `name: Small
arches: [x86_64, z80]
repositorys: [lab]
stages:
  - kind: packages
    world: [1, hello]
  - kind: files
    files:
      - {path: etc/motd, contents: hi}
      - {path: /etc/../x, contents: hi, mode: 0644}
  - kind: accounts
    users:
      - {name: "Joe Doe", uid: -1}
  - kind: magic
outputs:
  - {kind: tar, file: ../x.tar}
  - kind: disk
    file: x.img
    table: gpt
    boot: {label: boot, free: 16MB}
    root: {}
    loaders: [grub]
    flavour: virt
    initramfs: /boot/initramfs
`;
  const error = await fault(text);
  assertEquals(error[0], 'error: Cannot read "m.yaml": ' + `${error.length - 1} faults`);
  const places = error.slice(1).map((line) => /^ {2}m\.yaml:(\d+:\d+): ([^:]*): ./.exec(line));
  assertEquals(places.map((match) => match && `${match[1]} ${match[2]}`), [
    "1:7 name",
    "2:18 arches[1]",
    "3:1 repositorys",
    "6:13 stages[0].world[0]",
    "9:16 stages[1].files[0].path",
    "10:16 stages[1].files[1].path",
    "10:47 stages[1].files[1].mode",
    "13:16 stages[2].users[0].name",
    "13:32 stages[2].users[0].uid",
    "14:11 stages[3].kind",
    "16:23 outputs[0].file",
    "20:19 outputs[1].boot.label",
    "20:31 outputs[1].boot.free",
    "21:11 outputs[1].root",
    "22:15 outputs[1].loaders[0]",
  ]);
});

Deno.test("a manifest that is no YAML, no map or empty is told with its place", async () => {
  assertMatch((await fault("name: [a\n")).join("\n"), /\n {2}m\.yaml:2:1: /);
  assertMatch((await fault("- a\n")).join("\n"), /\n {2}m\.yaml:1:1: /);
  assertMatch((await fault("")).join("\n"), /\n {2}m\.yaml:1:1: /);
  assertMatch((await fault("name: a\nname: b\n")).join("\n"), /\n {2}m\.yaml:2:1: /);
});

Deno.test("what a whole manifest lacks is told", async () => {
  assertEquals(
    (await fault("name: small\n")).slice(0, -1),
    [
      'error: Cannot use "m.yaml": 3 faults',
      "  m.yaml:1:1: arches: is missing, and nothing is extended that has it",
      "  m.yaml:1:1: outputs: is missing, and nothing is extended that has it",
      "  m.yaml:1:1: stages: no tree has packages",
    ],
  );
});

Deno.test("a manifest without repositories takes those of the command line", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const { repositories: _, ...manifest } = JSON.parse(smallManifest(folder));
  program.write("m.yaml", JSON.stringify(manifest));
  const args = ["m.yaml", "--keys", "repository/keys"] as const;
  for (const command of ["build", "lock", "plan", "show-tree"]) {
    assertEquals(await program.fails(command, ...args), {
      code: 2,
      error: [
        'error: Cannot choose packages for "small": no repository is given',
        '  hint: give --repository URL, or list them under "repositories" in the manifest',
      ],
    });
    assertEquals((await program.run(command, ...args, "--repository", folder)).code, 0);
  }
});

Deno.test("manifests that extend each other in a circle end", async () => {
  assertEquals(
    await fault("name: small\nextends: other.yaml\n", {
      "other.yaml": "name: small\nextends: m.yaml\n",
    }),
    [
      'error: Cannot use "DIR/cwd/m.yaml": 1 fault',
      '  DIR/cwd/m.yaml:2:10: extends: it extends "DIR/cwd/other.yaml", which extends it',
    ],
  );
});

Deno.test("a base that is not there is named", async () => {
  assertEquals(
    (await fault("name: small\nextends: other.yaml\n")).slice(0, 2),
    [
      'error: Cannot read "DIR/cwd/other.yaml": there is no such file or folder',
      "m.yaml:2:10: extends",
    ],
  );
  assertEquals(
    (await fault("name: small\nextends: other\n"))[0],
    [
      'error: Cannot find system "other"',
    ][0],
  );
});

Deno.test("outputs have names of their own", async () => {
  const outputs = (...files: string[]) =>
    smallManifest("REPOSITORY", { outputs: files.map((file) => ({ kind: "tar", file })) });
  const [title, line] = await fault(outputs("a.tar", "b.tar", "a.tar"));
  assertEquals(title, 'error: Cannot use "m.yaml": 1 fault');
  assertMatch(line!, /^ {2}m\.yaml:1:\d+: outputs\[2\]\.file: two outputs are named "a\.tar"$/);
  for (const file of ["record.json", "small-x86_64.lock.json"]) {
    const [, line, hint] = await fault(outputs(file));
    assertMatch(
      line!,
      /: outputs\[0\]\.file: an output is named "[^"]+", as a file of the build's own$/,
    );
    assertMatch(hint!, /^ {2}hint: .*\brecord\.json\b.*\.lock\.json$/);
  }
});

Deno.test("each stage says what it cannot do, and no artifact is made", async () => {
  const overlay = { kind: "files", overlay: "overlay" };
  const file = { path: "/etc", contents: "x" };
  const user = (uid: number) => ({ name: "joe", uid });
  const disk = {
    kind: "disk",
    file: "x.img",
    table: "gpt",
    boot: { free: "16MiB" },
    root: { free: "16MiB" },
    loaders: ["syslinux"],
    flavour: "virt",
    initramfs: "/boot/initramfs",
  };
  const cases: [stages: unknown[], message: RegExp][] = [
    [
      [overlay],
      /^error: Cannot list "DIR\/cwd\/overlay": there is no such file or folder\nm\.yaml:1:\d+: stages\[1\]\.overlay$/,
    ],
    [
      [{ kind: "services", runlevels: { default: ["sshd", "hello"], boot: ["clock"] } }],
      /^error: Cannot enable services: .*\/etc\/init\.d\/ for sshd \(default\), clock \(boot\)\nm\.yaml:1:\d+: stages\[1\]\.runlevels\.default\[0\]\n {2}hint/,
    ],
    [
      [{ kind: "kernel", flavour: "virt" }],
      /^error: Cannot find kernel "virt": there is no "\/boot\/vmlinuz-virt"\nm\.yaml:1:\d+: stages\[1\]\.flavour\n {2}hint/,
    ],
    [
      [{ kind: "initramfs", flavour: "virt", path: "/boot/i" }],
      /^error: Cannot find kernel "virt".*\nm\.yaml:1:\d+: stages\[1\]\.flavour/,
    ],
    [
      [{ kind: "files", files: [file] }],
      /^error: Cannot put the file "\/etc".*\nm\.yaml:1:\d+: stages\[1\]\.files\[0\]\.path\n/,
    ],
    [
      [{ kind: "files", files: [], remove: ["/no/such"] }],
      /^error: Cannot remove "\/no\/such".*\nm\.yaml:1:\d+: stages\[1\]\.remove\[0\]\n/,
    ],
    [
      [5, 6].map((id) => ({ kind: "accounts", users: [user(id)] })),
      /^error: Cannot .*"joe".*\nm\.yaml:1:\d+: stages\[2\]\.users\[0\]\.uid/,
    ],
    // A group of the user's name stands before the user.
    [
      [{ kind: "accounts", users: [user(5)] }, {
        kind: "accounts",
        groups: [{ name: "joe" }],
        users: [user(6)],
      }],
      /^error: Cannot give user "joe" id 6.*\nm\.yaml:1:\d+: stages\[2\]\.users\[0\]\.uid/,
    ],
    [
      [{ kind: "accounts", users: [{ name: "ann", groups: ["wheels"] }] }],
      /^error: Cannot .*"wheels".*\nm\.yaml:1:\d+: stages\[1\]\.users\[0\]\.groups\[0\]/,
    ],
  ];
  for (const [stages, message] of cases) {
    assertMatch((await fault(smallManifest("REPOSITORY", { stages }))).join("\n"), message);
  }
  const [message, place, because] = await fault(smallManifest("REPOSITORY", { outputs: [disk] }));
  assertMatch(place!, /^m\.yaml:1:\d+: outputs\[0\]\.flavour$/);
  assertEquals([message, because], [
    'error: Cannot write "x.img"',
    '  because: Cannot boot the kernel "/boot/vmlinuz-virt": no such file is in the tree',
  ]);
});

Deno.test("sizes and command lines that no disk or kernel takes are faults with a place", async () => {
  const outputs = [{
    kind: "disk",
    file: "x.img",
    table: "gpt",
    boot: { size: "5B" },
    root: { size: "6000000B" },
    loaders: ["syslinux"],
    flavour: "virt",
    initramfs: "/boot/initramfs",
    cmdline: "x".repeat(2000),
  }];
  const error = await fault(smallManifest("REPOSITORY", { outputs }));
  assertEquals(error.slice(1).map((line) => line.replace(/^ {2}m\.yaml:\d+:\d+: /, "")), [
    "outputs[0].boot.size: must be a multiple of 4KiB and more than 0B",
    "outputs[0].root.size: must be a multiple of 4KiB and more than 0B",
    "outputs[0].cmdline: must have at most 1900 characters: a kernel reads 2047 bytes",
  ]);
});

Deno.test("an overlay holds plain files only", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const stages = [{ kind: "files", overlay: "overlay" }];
  program.write("m.yaml", smallManifest(folder, { stages }));
  program.write("overlay/etc/motd", "hi");
  Deno.symlinkSync("/etc/shadow", program.path("overlay/etc/shadow"));
  const { code, error } = await program.fails("build", "m.yaml", "--keys", "repository/keys");
  assertEquals({ code, error: error.map((line) => line.replace(/:1:\d+:/, "")) }, {
    code: 1,
    error: [
      'error: Cannot use "DIR/cwd/overlay/etc/shadow" in an overlay: it is no plain file',
      "m.yaml stages[1].overlay",
      "  hint: name links and directories in the manifest's files stage",
    ],
  });
});

Deno.test("lab says how to make its repository where there is none yet", async () => {
  using program = new TestProgram();
  assertEquals(await program.fails("build", "lab"), {
    code: 1,
    error: [
      "error: Cannot use the lab repository: it was not made yet",
      "  hint: make the lab repository first: deno task lab",
    ],
  });
});

Deno.test("a repository that is none is told with its place", async () => {
  const text = JSON.stringify({ ...JSON.parse(smallManifest("/x")), repositories: ["ftp://x"] });
  using program = new TestProgram();
  program.write("m.yaml", text);
  const { error } = await program.fails("build", "m.yaml");
  assertEquals(error[0], 'error: Cannot use repository "ftp://x"');
  assertMatch(error[1]!, /^m\.yaml:1:\d+: repositories\[0\]$/);
});

Deno.test("what a stage cannot be planned by is told with its field", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const stages = [{ kind: "secure-boot", keys: "keys" }];
  program.write("m.yaml", smallManifest(folder, { stages }));
  program.write("keys/public/PK.auth", "x");
  const { error } = await program.fails("plan", "m.yaml", "--keys", "repository/keys");
  assertEquals(error[0], 'error: Cannot sign for Secure Boot: there is no "keys/public/db.crt"');
  assertMatch(error[1]!, /^m\.yaml:1:\d+: stages\[1\]\.keys$/);
});
