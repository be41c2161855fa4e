import { assertEquals, assertMatch } from "@std/assert";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { alpineOracle, oracleMissing, type OracleResult } from "../../support/apk/alpine_oracle.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { labRepository } from "../../support/build/lab_repository.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const runner = denoRunner();
const missing = oracleMissing() ?? labMissing() ??
  (Deno.uid() === 0 ? undefined : "only root unpacks owners and devices");

/** A package whose scripts run later: its trigger when others bring files, its last one at the end. */
const OBSERVER = {
  name: "observer",
  files: { "usr/share/observer/x": "x" },
  triggers: ["/usr/share/watched"],
  scripts: {
    "trigger": '#!/bin/sh\necho "trigger $@" >> /observed\n',
    "post-deinstall": "#!/bin/sh\necho gone >> /observed\n",
  },
};
const WATCHED = {
  name: "watched",
  files: { "usr/share/watched/w": "w" },
  scripts: { "post-install": "#!/bin/sh\necho installed >> /observed\n" },
};

/** The lab with the observer, built by the program and unpacked by GNU tar. */
async function unpackedLab(program: TestProgram) {
  const lab = labFolder(realEnv());
  const odd = labRepository(program.path("odd"), [OBSERVER]);
  await runner.run({ argv: ["cp", "-r", `${lab}/keys-public`, program.path("keys")] });
  const { name, pem } = odd.key.trusted;
  program.write(`keys/${name}`, pem);
  program.write(
    "system.yaml",
    JSON.stringify({
      name: "audited",
      extends: "lab",
      stages: [{ kind: "packages", world: ["observer"] }],
      outputs: [{ kind: "tar", file: "root.tar" }],
    }),
  );
  const built = await program.run(
    ...["build", "system.yaml", "--repository", lab, "--repository", odd.folder],
    ...["--keys", "keys", "--output", "out"],
  );
  assertEquals(built.code, 0, built.err);
  const root = program.path("root");
  Deno.mkdirSync(root);
  await runner.run({
    argv: ["tar", "--numeric-owner", "--xattrs", "-xpf", program.path("out/root.tar"), "-C", root],
  });
  return { root, lab, odd };
}

const lines = ({ stdout }: OracleResult) => stdout.split("\n").filter((line) => line !== "");

Deno.test({
  name: "real apk takes a built system for its own: it audits clean, and installs, removes and " +
    `repairs with our scripts and triggers${missing ? ` (skipped: ${missing})` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    const found = await alpineOracle();
    if ("skip" in found) throw new Error(found.skip);
    await using oracle = found;
    using program = new TestProgram();
    const { root, lab, odd } = await unpackedLab(program);
    const more = labRepository(program.path("more"), [WATCHED]);
    program.write("repositories", `${lab}\n${odd.folder}\n${more.folder}\n`);
    const apk = async (...args: string[]) => {
      const result = await oracle.apk(
        ...["--root", root, "--arch", "x86_64", "--no-network"],
        ...["--repositories-file", program.path("repositories"), ...args],
      );
      assertEquals([result.code, result.stderr], [0, ""], `apk ${args.join(" ")}`);
      return result;
    };
    const database = () => Deno.readTextFileSync(`${root}/lib/apk/db/installed`);
    const before = database();

    const record = JSON.parse(Deno.readTextFileSync(program.path("out/record.json")));
    const packages: { name: string; version: string; repository: string }[] = record.packages;
    assertEquals(
      lines(await apk("info", "-v")).toSorted(),
      [".initramfs-virt-0", ...packages.map((p) => `${p.name}-${p.version}`)].toSorted(),
    );
    for (const { name, version, repository } of packages) {
      await apk("verify", `${repository}/x86_64/${name}-${version}.apk`);
    }
    assertEquals(lines(await apk("audit", "--system")), []);
    const full = lines(await apk("audit", "--full", "--recursive", "--ignore-busybox-symlinks"));
    const ofStages = /^A (boot\/initramfs-virt|lib\/modules\/[^/]+\/modules\.[a-z.]+)$/;
    assertEquals(full.filter((line) => !ofStages.test(line)), []);
    const changed = lines(await apk("audit", "--backup", "--recursive"));
    assertEquals(changed.filter((line) => !/^[AUd] etc\//.test(line)), []);
    assertEquals(changed.includes("U etc/hostname"), true, "the overlay's file is seen as changed");

    assertMatch((await apk("add", "watched")).stdout, /Executing observer-1\.0-r0\.trigger/);
    await apk("del", "watched");
    assertEquals(database(), before);
    await apk("fix", "--reinstall", "busybox", "observer");
    assertEquals(database(), before);
    await apk("fix");
    await apk("del", "observer");
    assertEquals(Deno.readTextFileSync(`${root}/observed`).split("\n"), [
      "installed",
      "trigger /usr/share/watched",
      "trigger /usr/share/watched",
      "gone",
      "",
    ]);
    assertEquals(lines(await apk("audit", "--system")), []);
    Deno.writeTextFileSync(`${root}/usr/sbin/sshd`, "damaged");
    assertEquals(lines(await apk("audit", "--system")), ["U usr/sbin/sshd"]);
    await apk("fix", "openssh-server");
    assertEquals(lines(await apk("audit", "--system")), []);
  },
});
