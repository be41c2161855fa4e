import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { smallManifest, TestProgram } from "../../support/program/test_program.ts";

const runner = denoRunner();
const missing = ["ssh-keygen", "sha256sum"].filter((tool) => !runner.which(tool));
const ignore = missing.length > 0;
const reason = ignore ? ` (skipped: ${missing.join(", ")} missing)` : "";

const run = async (cwd: string, ...argv: [string, ...string[]]) => {
  const { stdout } = await runner.run({ argv, cwd });
  return new TextDecoder().decode(stdout);
};

/** A program with a finished build in `out`, and keys by their type. */
async function built() {
  const program = new TestProgram();
  Object.assign(program.env, { runner });
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder));
  const { code, err } = await program.run(
    "build",
    "small.yaml",
    "--keys",
    "repository/keys",
    "--output",
    "out",
  );
  assertEquals(code, 0, err);
  const key = async (name: string, ...options: string[]) => {
    const argv = ["ssh-keygen", "-q", "-N", "", "-C", `${name}@tower`, "-f", name] as const;
    await run(program.env.cwd, ...argv, ...options);
    return name;
  };
  return { program, key, [Symbol.dispose]: () => program[Symbol.dispose]() };
}

Deno.test({
  name: `sha256sum checks the digests of a build${reason}`,
  ignore,
  async fn() {
    using b = await built();
    const told = await run(b.program.path("out"), "sha256sum", "--strict", "-c", "SHA256SUMS");
    assertEquals(told, "record.json: OK\nsmall.tar: OK\nsmall.tree.json: OK\n");
  },
});

Deno.test({
  name: `ssh-keygen verifies what sign made, and made the same${reason}`,
  ignore,
  async fn() {
    using b = await built();
    await b.key("signer", "-t", "ed25519");
    const { code, out } = await b.program.run("sign", "out", "--key", "signer");
    assertEquals(code, 0);
    assertMatch(
      out,
      /^DIR\/cwd\/out\/SHA256SUMS\.sig: signed by SHA256:\S{43}\nDIR\/cwd\/out\/record\.json\.sig: signed by SHA256:\S{43}\n$/,
    );
    const cwd = b.program.env.cwd;
    const allowed = `tower@example.org namespaces="file" ${
      Deno.readTextFileSync(b.program.path("signer.pub"))
    }`;
    b.program.write("allowed", allowed);
    for (const file of ["SHA256SUMS", "record.json"]) {
      const stdin = Deno.readFileSync(b.program.path(`out/${file}`));
      const signature = `out/${file}.sig`;
      const verify = ["-Y", "verify", "-f", "allowed", "-I", "tower@example.org", "-n", "file"];
      const { stdout } = await runner.run({
        argv: ["ssh-keygen", ...verify, "-s", signature],
        cwd,
        stdin,
      });
      assertStringIncludes(new TextDecoder().decode(stdout), 'Good "file" signature');
      const ours = Deno.readTextFileSync(b.program.path(signature));
      b.program.write(`copy/${file}`, Deno.readTextFileSync(b.program.path(`out/${file}`)));
      await run(
        cwd,
        "ssh-keygen",
        "-Y",
        "sign",
        "-q",
        "-n",
        "file",
        "-f",
        "signer",
        `copy/${file}`,
      );
      assertEquals(ours, Deno.readTextFileSync(b.program.path(`copy/${file}.sig`)));
    }
    for (const key of ["signer.pub", "allowed"]) {
      const verified = await b.program.run("verify", "out", "--key", key);
      assertMatch(
        verified.out,
        /^SHA256SUMS: signed by SHA256:\S{43} signer@tower\nrecord\.json: /,
      );
      assertEquals([verified.code, verified.err], [0, ""]);
    }
  },
});

Deno.test({
  name: `verify takes RSA and ECDSA signatures of ssh-keygen${reason}`,
  ignore,
  async fn() {
    using b = await built();
    for (const [type, bits] of [["rsa", "2048"], ["ecdsa", "256"], ["ecdsa", "521"]] as const) {
      const name = await b.key(`${type}${bits}`, "-t", type, "-b", bits);
      const signed = await b.program.run("sign", "out", "--key", name);
      assertEquals([signed.code, signed.err], [0, ""]);
      const { code } = await b.program.run("verify", "out", "--key", `${name}.pub`);
      assertEquals(code, 0, name);
    }
  },
});

Deno.test({
  name: `an encrypted key is used through ssh-keygen, a wrong passphrase is an error${reason}`,
  ignore,
  async fn() {
    using b = await built();
    await b.key("locked", "-t", "ed25519", "-N", "open sesame");
    const ask = b.program.path(b.program.write("ask", "#!/bin/sh\necho 'open sesame'\n"));
    Deno.chmodSync(ask, 0o755);
    const variables: Record<string, string> = { SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: "force" };
    Object.assign(b.program.env, { variable: (name: string) => variables[name] });
    assertEquals((await b.program.run("sign", "out", "--key", "locked")).code, 0);
    assertEquals((await b.program.run("verify", "out", "--key", "locked.pub")).code, 0);
    b.program.write("ask", "#!/bin/sh\necho wrong\n");
    assertEquals(await b.program.fails("sign", "out", "--key", "locked"), {
      code: 1,
      error: [
        'error: Cannot sign with "DIR/cwd/locked": ssh-keygen failed; it is encrypted',
      ],
    });
  },
});

Deno.test({
  name: `verify refuses what was changed, unsigned, or signed by another key${reason}`,
  ignore,
  async fn() {
    using b = await built();
    const { program } = b;
    await b.key("signer", "-t", "ed25519");
    await b.key("other", "-t", "ed25519");
    const failure = async (key = "signer.pub") => {
      const { code, err } = await program.run("verify", "out", "--key", key);
      assertEquals(code, 1);
      return err.split("\n")[0]!;
    };
    assertMatch(await failure(), /SHA256SUMS": it is not signed$/);
    assertEquals((await program.run("sign", "out", "--key", "signer")).code, 0);
    assertMatch(
      await failure("other.pub"),
      /SHA256SUMS": SHA256:\S+ signed it, which is not trusted$/,
    );
    const change = async (file: string, edit: (text: string) => string, expected: RegExp) => {
      const path = program.path(`out/${file}`);
      const before = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, edit(before));
      assertMatch(await failure(), expected);
      Deno.writeTextFileSync(path, before);
    };
    await change("small.tar", (t) => t + "x", /small\.tar is changed$/);
    await change("small.tree.json", () => "", /small\.tree\.json is changed$/);
    const mismatch = /the signature does not match$/;
    await change("record.json", (t) => t.replace("small", "large"), mismatch);
    await change("SHA256SUMS", (t) => (t.startsWith("0") ? "1" : "0") + t.slice(1), mismatch);
    await change("SHA256SUMS", (t) => t + "\n", mismatch);
    await change("record.json.sig", () => "x", /it is no SSH signature$/);
    Deno.renameSync(program.path("out/record.json.sig"), program.path("away"));
    assertMatch(await failure(), /record\.json": it is not signed$/);
    assertMatch(await failure("nothing.pub"), /there is no such file or folder$/);
    assertMatch(await failure("small.yaml"), /is no public key$/);
  },
});

Deno.test({
  name: `digests and record of two builds do not pass as one${reason}`,
  ignore,
  async fn() {
    using b = await built();
    const { program } = b;
    const sums = program.path("out/SHA256SUMS");
    const text = Deno.readTextFileSync(sums);
    Deno.writeTextFileSync(sums, text.split("\n").slice(1).join("\n"));
    const { code, err } = await program.run("verify", "out");
    assertEquals(code, 1);
    assertStringIncludes(err, "SHA256SUMS is changed");
    assertEquals((await program.fails("sign", "out", "--key", "nothing")).code, 1);
    await b.key("signer", "-t", "ed25519");
    const signed = await program.fails("sign", "out", "--key", "signer");
    assertStringIncludes(signed.error.join(), "SHA256SUMS is changed");
    Deno.writeTextFileSync(sums, text);
    const checked = await program.run("verify", "out");
    assertEquals([checked.code, checked.err], [
      0,
      "no signature was checked: --key FILE names the signer's public key\n",
    ]);
  },
});

Deno.test({
  name: `build --sign signs with a key of the user's own, which ssh-keygen knows${reason}`,
  ignore,
  async fn() {
    using b = await built();
    const { program } = b;
    const args = ["build", "small.yaml", "--keys", "repository/keys", "--output", "out", "--sign"];
    const first = await program.run(...args);
    assertEquals(first.code, 0, first.err);
    const [, signer] = /^signed by (SHA256:\S{43})$/m.exec(first.err)!;
    const key = `${program.env.home}/.config/tower/image_key`;
    const allowed = `${program.env.home}/.local/tower/image_signers`;
    for (const path of [key, allowed]) assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertMatch(
      await run("/", "ssh-keygen", "-l", "-f", key),
      new RegExp(` ${signer!.replaceAll("+", "\\+")} `),
    );
    const verify = ["-Y", "verify", "-f", allowed, "-I", "image", "-n", "file"];
    const signature = program.path("out/SHA256SUMS.sig");
    await runner.run({
      argv: ["ssh-keygen", ...verify, "-s", signature],
      stdin: Deno.readFileSync(program.path("out/SHA256SUMS")),
    });
    assertEquals((await program.run("verify", "out", "--key", allowed)).code, 0);
    // Neither the key nor the line is made twice, and lines of the user's own stay.
    Deno.writeTextFileSync(allowed, `# mine\n${Deno.readTextFileSync(allowed)}`);
    const again = await program.run(...args);
    assertStringIncludes(again.err, `signed by ${signer}`);
    const told =
      /^Made the key that signs your images: .*\nFrom now on tower provision takes only/m;
    assertMatch(first.err, told);
    assertNotMatch(again.err, told);
    assertMatch(
      Deno.readTextFileSync(allowed),
      /^# mine\nimage namespaces="file" ssh-ed25519 \S+ tower-image\n$/,
    );
  },
});

Deno.test({
  name: `build --sign KEY takes any SSH key; one that is none is told before the build${reason}`,
  ignore,
  async fn() {
    using b = await built();
    const key = await b.key("mine", "-t", "ed25519");
    const args = ["build", "small.yaml", "--keys", "repository/keys"];
    const { code, err } = await b.program.run(...args, "--output", "signed", "--sign", key);
    assertEquals(code, 0, err);
    assertEquals((await b.program.run("verify", "signed", "--key", "mine.pub")).code, 0);
    b.program.write("none", "no key\n");
    const bad = await b.program.fails(...args, "--output", "other", "--sign", "none");
    assertStringIncludes(bad.error[0]!, "it is no private key");
    assertEquals(
      Array.from(Deno.readDirSync(b.program.env.cwd), (e) => e.name).includes("other"),
      false,
    );
  },
});
