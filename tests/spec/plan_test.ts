import { assertEquals, assertMatch } from "@std/assert";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

Deno.test("plan shows what decides a build, a line for each part, and all of it as JSON", async () => {
  using program = new TestProgram();
  program.repository();
  const stages = [
    { kind: "files", files: [{ path: "/etc/motd", contents: "x" }], remove: ["/etc/hello"] },
    { kind: "accounts", groups: [{ name: "web" }], users: [{ name: "alice" }] },
    { kind: "services", runlevels: { default: ["hello"] } },
  ];
  program.write("small.yaml", smallManifest(program.path("repository"), { stages }));
  const args = ["plan", "small.yaml", "--keys", "repository/keys", "--output", "out"];
  const { code, out } = await program.run(...args);
  assertEquals(code, 0);
  const digest = "sha256:[0-9a-f]{64}";
  const lines = [
    "system      small for x86_64",
    `plan        ${digest}`,
    `lock        DIR/cwd/out/small-x86_64\\.lock\\.json \\(${digest}\\)`,
    "repository  DIR/cwd/repository",
    "key         \\S+\\.rsa\\.pub",
    "packages    4 packages, [0-9.]+ KiB to load",
    "newest      [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z, the time of all files that packages do not date",
    "stage       packages: hello",
    "            files: /etc/motd, without /etc/hello",
    "            accounts: group web, alice",
    "            services: default \\(hello\\)",
    "output      small\\.tar: tar",
    "folder      DIR/cwd/out",
  ];
  assertMatch(out, new RegExp(`^${lines.join("\n")}\n$`));
  const plan = JSON.parse((await program.run(...args, "--json")).out);
  assertEquals(out.includes(plan.id), true);
  assertEquals(plan.trees[0].packages.length, 4);
});

Deno.test("a lock in a folder that is not there is refused before anything is made", async () => {
  using program = new TestProgram();
  program.repository();
  program.write("small.yaml", smallManifest(program.path("repository")));
  for (const command of [["plan"], ["lock"], ["build", "--output", "out"]]) {
    const [name, ...more] = command;
    const words = [name!, "small.yaml", "--keys", "repository/keys", ...more];
    assertEquals(await program.fails(...words, "--lock", "typo/deep/small.lock.json"), {
      code: 1,
      error: [
        'error: Cannot write "DIR/cwd/typo/deep/small.lock.json": ' +
        'there is no folder "DIR/cwd/typo/deep"',
        "  hint: make it first, or name another place",
      ],
    });
  }
  const names = Array.from(Deno.readDirSync(program.env.cwd), ({ name }) => name).sort();
  assertEquals(names, ["repository", "small.yaml"]);
});
