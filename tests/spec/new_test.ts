import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { manifestFiles } from "../../build/inputs/inputs.ts";
import { loadManifest, stagesOf } from "../../build/manifest/manifest.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const KEY = `AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;

Deno.test("systems lists Tower's own and the manifests of the folder, and warns of broken ones", async () => {
  using program = new TestProgram();
  program.write("small.yaml", smallManifest("/nowhere"));
  program.write("more.yaml", "name: more\nextends: lab\n");
  program.write("compose.yaml", "services: { web: { image: x } }\n");
  program.write(".gitlab-ci.yml", "stages: [build]\n");
  program.write("broken.yml", "name: broken\nstages: [{ kind: frob }]\n");
  program.write("notes.txt", "extends: lab\n");
  const { code, out, err } = await program.run("systems");
  assertEquals(code, 0);
  const names = out.trimEnd().split("\n").map((line) => line.split("  ")[0]);
  assertEquals(names, [
    "SYSTEM",
    "host",
    "host-uefi",
    "lab",
    "lab-sealed",
    "thinclient",
    "more.yaml",
    "small.yaml",
  ]);
  assertMatch(out, /^lab +x86_64, aarch64 +A small host/m);
  assertMatch(out, /^more.yaml +x86_64, aarch64 +Extends lab$/m);
  assertMatch(err, /^warning: Cannot read "broken.yml": /);
  assertEquals(/compose|gitlab|notes/.test(err), false, err);

  const rows = JSON.parse((await program.run("systems", "--json")).out);
  assertEquals(rows[6], { system: "small.yaml", arches: ["x86_64"], description: "" });
  assertEquals([rows.at(-1).system, rows.at(-1).error.code], ["broken.yml", "malformed"]);
});

Deno.test("new writes a manifest that is one, with its comments taken for what they say too", async () => {
  using program = new TestProgram();
  const { code, out } = await program.run("new", "mine");
  assertEquals([code, out], [
    0,
    "mine.yaml is written; nobody logs in over SSH yet: it says where a public key goes.\n" +
    "Then: tower-build build mine.yaml, tower-build boot mine\n",
  ]);
  program.write("k.pub", `ssh-ed25519 ${KEY}\n`);
  const { out: told } = await program.run("new", "keyed", "--key", "k.pub");
  assertMatch(told, /boot keyed --ssh --identity k\n$/);
  const files = manifestFiles(program.env.cwd);
  const lab = loadManifest("lab", files);
  assertEquals(stagesOf(loadManifest("mine.yaml", files)).length, stagesOf(lab).length + 1);
  const text = Deno.readTextFileSync(program.path("mine.yaml"));
  program.write(
    "all.yaml",
    text.replaceAll(/^ {2}# (?=[ -])/gm, "  ").replace(/AAAA\.\.\. .*"/, `${KEY}"`),
  );
  const stages = stagesOf(loadManifest("all.yaml", files)).slice(stagesOf(lab).length);
  assertEquals(stages.map(({ spec }) => spec.kind), [
    "files",
    "accounts",
    "packages",
    "files",
    "services",
  ]);
});

Deno.test("new lets the user's own key log in, or one that is named", async () => {
  using program = new TestProgram();
  Deno.mkdirSync(`${program.env.home}/.ssh`);
  Deno.writeTextFileSync(`${program.env.home}/.ssh/id_ed25519.pub`, `ssh-ed25519 ${KEY} me "ok"\n`);
  const { out } = await program.run("new", "mine");
  assertStringIncludes(out, "DIR/home/.ssh/id_ed25519.pub logs in as root.");
  assertStringIncludes(out, "tower-build boot mine --ssh\n");
  const keysOf = (file: string) =>
    stagesOf(loadManifest(file, manifestFiles(program.env.cwd))).flatMap(({ spec }) =>
      spec.kind === "accounts" ? spec.users.flatMap((user) => user.authorizedKeys) : []
    );
  assertEquals(keysOf("mine.yaml"), [`ssh-ed25519 ${KEY} me "ok"`]);
  // Hosts of a tower let nobody in as root: a key goes in where it is asked for alone.
  await program.run("new", "other", "--from", "host");
  assertEquals(keysOf("other.yaml"), []);
  program.write("it.pub", `ssh-ed25519 ${KEY}`);
  await program.run("new", "third", "--from", "mine.yaml", "--key", "it.pub");
  assertEquals(keysOf("third.yaml"), [`ssh-ed25519 ${KEY} me "ok"`, `ssh-ed25519 ${KEY}`]);
});

Deno.test("new refuses to overwrite, names that are taken or bad, and what it cannot use", async () => {
  using program = new TestProgram();
  Deno.symlinkSync("nothing", program.path("link.yaml"));
  program.write("mine.yaml", "# mine\n");
  program.write("key", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
  for (
    const [args, code, message, hint] of [
      [["mine"], 1, 'Cannot write "mine.yaml": it is there already', "choose another name"],
      [["link"], 1, 'Cannot write "link.yaml": it is there already', "choose another name"],
      [["lab"], 2, 'Cannot name a system "lab": Tower has one of that name', "--from lab"],
      [["a.yaml"], 2, 'Cannot name a system "a.yaml": it must be a-z', "leave .yaml out"],
      [["../a"], 2, 'Cannot name a system "../a": it must be a-z', ""],
      [["a", "--from", "frob"], 1, 'Cannot find system "frob"', "the systems are host"],
      [["a", "--from", "no.yaml"], 1, "no.yaml", ""],
      [["a", "--key", "no.pub"], 1, "there is no such file", ""],
      [["a", "--key", "key"], 1, "it is a private one", "name a public key"],
      [["a", "--key", "mine.yaml"], 1, "it has no key", "name a public key"],
    ] as const
  ) {
    const failed = await program.fails("new", ...args);
    assertEquals(failed.code, code, args.join(" "));
    assertStringIncludes(failed.error[0]!, message);
    assertStringIncludes(failed.error.at(-1)!, hint);
  }
  assertEquals(Deno.readTextFileSync(program.path("mine.yaml")), "# mine\n");
  assertEquals([...Deno.readDirSync(program.env.cwd)].length, 3);
});
