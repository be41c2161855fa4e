import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { alpineOracle, type Oracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { TestProgram } from "../../support/program/test_program.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";

const runner = denoRunner();
const tools = ["getcap", "setcap", "tar"].find((name) => runner.which(name) === undefined);
const skip = oracleMissing() ??
  (Deno.uid() === 0
    ? tools && `${tools} is not installed`
    : "only root gives files capabilities and owners");

const PACK = ["repo", "pack", "--info", "tool.PKGINFO", "--key", `keys/${TEST_KEY.secret.name}`];
const CAPABILITY = "cap_net_raw=ep";

/** A folder `tree` with what a folder of the machine can hold, and a key. */
function prepared(): TestProgram {
  const program = new TestProgram({ runner });
  program.write(`keys/${TEST_KEY.secret.name}`, TEST_KEY.secret.pem);
  program.write("tool.PKGINFO", "pkgname = tool\npkgver = 1-r0\narch = x86_64\n");
  program.write("tree/usr/bin/tool", "a program");
  Deno.chmodSync(program.path("tree/usr/bin/tool"), 0o4755);
  Deno.linkSync(program.path("tree/usr/bin/tool"), program.path("tree/usr/bin/another"));
  return program;
}

function test(name: string, fn: (program: TestProgram, oracle: Oracle) => Promise<void>): void {
  Deno.test({
    name: name + (skip ? ` (skipped: ${skip})` : ""),
    ignore: skip !== undefined,
    async fn() {
      const oracle = await alpineOracle();
      if ("skip" in oracle) throw new Error(oracle.skip);
      await using owned = oracle;
      using program = prepared();
      await fn(program, owned);
    },
  });
}

/** Real apk installs the package; returns the root. */
async function install(program: TestProgram, oracle: Oracle): Promise<string> {
  const root = await oracle.emptyRoot();
  Deno.writeTextFileSync(program.path(`keys/${TEST_KEY.trusted.name}`), TEST_KEY.trusted.pem);
  const { code, stdout, stderr } = await oracle.apk(
    ...["--root", root, "--keys-dir", program.path("keys"), "--no-network", "--no-scripts", "add"],
    program.path("tool-1-r0.apk"),
  );
  assertEquals(code, 0, stdout + stderr);
  return root;
}

async function capability(path: string): Promise<string> {
  const { stdout } = await runner.run({ argv: ["getcap", path] });
  return new TextDecoder().decode(stdout).trim();
}

test(
  "apk installs a folder's hard links as one file, with its setuid bit",
  async (program, oracle) => {
    const packed = await program.run(...PACK, "tree");
    assertEquals(packed.code, 0, packed.err);
    const bin = `${await install(program, oracle)}/usr/bin`;
    const [tool, another] = ["tool", "another"].map((name) => Deno.statSync(`${bin}/${name}`));
    assertEquals([tool!.ino, tool!.nlink, tool!.mode! & 0o7777], [another!.ino, 2, 0o4755]);
    assertEquals([tool!.uid, tool!.gid], [0, 0]);
  },
);

test("a folder with a file capability is refused, with a way out", async (program) => {
  await runner.run({ argv: ["setcap", CAPABILITY, program.path("tree/usr/bin/tool")] });
  const { code, error } = await program.fails(...PACK, "tree");
  assertEquals(code, 1);
  assertMatch(error[0]!, /^error: Cannot pack "DIR\/cwd\/tree": the capabilities .*cap_net_raw/);
  assertMatch(error[1]!, /hint: give a tar archive/);
});

test(
  "apk installs capabilities, owners, devices and links of an archive of tar",
  async (program, oracle) => {
    const file = program.path("tree/usr/bin/tool");
    Deno.chownSync(file, 123, 456);
    Deno.chmodSync(file, 0o755);
    await runner.run({ argv: ["setcap", CAPABILITY, file] });
    Deno.mkdirSync(program.path("tree/dev"));
    await runner.run({ argv: ["mknod", program.path("tree/dev/null"), "c", "1", "3"] });
    const tar = ["tar", "--xattrs", "--xattrs-include=*", "-cf", program.path("tree.tar")] as const;
    await runner.run({ argv: [...tar, "-C", program.path("tree"), "."] });
    const packed = await program.run(...PACK, "tree.tar");
    assertEquals(packed.code, 0, packed.err);
    const root = await install(program, oracle);
    assertMatch(await capability(`${root}/usr/bin/tool`), /cap_net_raw=ep$/);
    const [tool, another, device] = ["usr/bin/tool", "usr/bin/another", "dev/null"].map((path) =>
      Deno.statSync(`${root}/${path}`)
    );
    assertEquals([tool!.ino, tool!.uid, tool!.gid], [another!.ino, 123, 456]);
    assert(device!.isCharDevice);
  },
);

test("an archive that is broken, leaves the package or says a path twice is refused", async (program) => {
  const make = async (...args: string[]) => {
    await runner.run({
      argv: ["tar", "-cf", program.path("x.tar"), ...args],
      cwd: program.env.cwd,
    });
    return (await program.fails(...PACK, "x.tar")).error.join("\n");
  };
  const twice = ["-C", "tree", "usr/bin/tool", "--hard-dereference", "usr/bin/tool"];
  assertMatch(await make(...twice), /Cannot take "usr\/bin\/tool".*\n.*it comes twice/);
  const outside = ["-P", "--transform", "s,^,../,", "tool.PKGINFO"];
  assertMatch(await make(...outside), /Cannot take "\.\.\/tool.PKGINFO"/);
  Deno.writeTextFileSync(program.path("x.tar"), "no archive at all");
  assertMatch((await program.fails(...PACK, "x.tar")).error.join("\n"), /^error: Cannot/);
});
