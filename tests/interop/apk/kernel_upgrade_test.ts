import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { exists, listDir, readText } from "../../../lib/files/files.ts";
import { oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { labRepository, type PackageSpec } from "../../support/build/lab_repository.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const runner = denoRunner();
const ALPINE = join(oracleData() ?? "", "alpine-3.19");
const missing = oracleMissing() ??
  (exists(join(ALPINE, "apks/x86_64")) ? undefined : "no packages of 3.19 in the Alpine data") ??
  (Deno.uid() === 0 ? undefined : "only root unpacks owners and changes its root");
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;

const INITRAMFS = "boot/initramfs-lts";
const CONF = "etc/mkinitfs/mkinitfs.conf";

/** A kernel, what makes an initramfs for it as Alpine's does, and another package, of a version. */
const release = (version: string): PackageSpec[] => [
  {
    name: "linux-lts",
    version: `6.${version}-r0`,
    files: {
      "boot/vmlinuz-lts": `kernel ${version}`,
      "usr/share/kernel/lts/kernel.release": `6.${version}-lts\n`,
      [`lib/modules/6.${version}-lts/modules.builtin`]: "",
    },
  },
  {
    name: "mkinitfs",
    version: `${version}-r0`,
    files: {
      [CONF]: `features="base ${version}"\n`,
      "sbin/mkinitfs": { text: "#!/bin/sh\n", mode: 0o755 },
    },
    triggers: ["/usr/share/kernel/*"],
    scripts: {
      trigger: "#!/bin/sh\n. /etc/mkinitfs/mkinitfs.conf\n" +
        `test "$disable_trigger" = yes || echo Alpine > /${INITRAMFS}\n`,
    },
  },
  { name: "other", version: `${version}-r0`, files: { "usr/share/other": version } },
];

/** Real Alpine with that kernel, built by the program and unpacked; what runs its own apk in it. */
async function unpacked(program: TestProgram) {
  const { folder } = labRepository(program.path("first"), release("1"));
  for (const name of listDir(`${ALPINE}/keys`)) {
    program.write(`keys/${name}`, readText(`${ALPINE}/keys/${name}`, 1 << 16));
  }
  program.write(`keys/${TEST_KEY.trusted.name}`, TEST_KEY.trusted.pem);
  const why = { script: "trigger", do: "skip", reason: "a test" };
  program.write(
    "system.yaml",
    JSON.stringify({
      name: "living",
      arches: ["x86_64"],
      stages: [
        {
          kind: "packages",
          world: ["apk-tools", "busybox-binsh", "linux-lts", "mkinitfs", "other"],
          scripts: [{ package: "mkinitfs", ...why }],
        },
        { kind: "kernel", flavour: "lts" },
        { kind: "initramfs", flavour: "lts", path: `/${INITRAMFS}` },
      ],
      outputs: [{ kind: "tar", file: "root.tar" }],
    }),
  );
  const built = await program.run(
    ...["build", "system.yaml", "--repository", folder, "--repository", `${ALPINE}/apks`],
    ...["--keys", "keys", "--output", "out"],
  );
  assertEquals(built.code, 0, built.err);
  const root = program.path("root");
  Deno.mkdirSync(root);
  const tar = program.path("out/root.tar");
  await runner.run({ argv: ["tar", "--numeric-owner", "-xpf", tar, "-C", root] });
  Deno.mkdirSync(`${root}/dev`, { recursive: true });
  await runner.run({ argv: ["mknod", "-m", "666", `${root}/dev/null`, "c", "1", "3"] });
  const apk = async (...args: string[]) => {
    const { stdout, stderr, ending } = await runner.run({
      argv: ["chroot", root, "/sbin/apk", ...args],
      okCodes: Array.from({ length: 100 }, (_, i) => i),
    });
    const text = new TextDecoder();
    return {
      isDone: ending.kind === "exited" && ending.code === 0,
      said: text.decode(stdout) + text.decode(stderr),
    };
  };
  return { root, apk };
}

/** Serves a folder over HTTP on the loopback, as a mirror does. */
function serve(folder: string) {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = `${folder}${new URL(request.url).pathname}`;
    try {
      return new Response(await Deno.readFile(path));
    } catch {
      return new Response("", { status: 404 });
    }
  });
}

Deno.test({
  name: "apk upgrade on the running system leaves kernel, modules and /boot as they are and says " +
    `how to get newer ones; all else is upgraded${skipped}`,
  ignore: missing !== undefined,
  async fn() {
    using program = new TestProgram();
    const { root, apk } = await unpacked(program);
    const read = (path: string) => readText(`${root}/${path}`, 1 << 20);
    await using mirror = serve(labRepository(program.path("second"), release("2")).folder);
    Deno.writeTextFileSync(
      `${root}/etc/apk/repositories`,
      `http://127.0.0.1:${mirror.addr.port}\n`,
    );
    const kept = async () =>
      new TextDecoder().decode(
        (await runner.run({
          argv: ["find", "boot", "lib/modules", "-type", "f", "-exec", "sha256sum", "{}", ";"],
          cwd: root,
        })).stdout,
      );
    const before = await kept();
    assertStringIncludes(before, INITRAMFS);
    assertStringIncludes(before, "lib/modules/6.1-lts/modules.dep");
    const changed = (await apk("audit")).said;
    assertStringIncludes(changed, `U ${CONF}\n`);

    const upgraded = await apk("upgrade", "--update-cache");
    assert(upgraded.isDone, upgraded.said);
    assertMatch(upgraded.said, /Upgrading mkinitfs \(1-r0 -> 2-r0\)/);
    assertMatch(upgraded.said, /Executing mkinitfs-2-r0\.trigger/);
    assert(!upgraded.said.includes("Upgrading linux-lts"), upgraded.said);
    assertStringIncludes(upgraded.said, "linux-lts stays at 6.1-r0");
    assertStringIncludes(upgraded.said, "tower provision");
    assertEquals(read("usr/share/other"), "2");
    assertEquals(await kept(), before);
    assertStringIncludes(read(CONF), 'features="base 1"');
    assertStringIncludes(read(`${CONF}.apk-new`), 'features="base 2"');

    for (const args of [["upgrade", "--available"], ["add", "linux-lts"], ["fix"]]) {
      const { isDone, said } = await apk(...args);
      assert(isDone, said);
      assertEquals(await kept(), before, args.join(" "));
    }
    const asked = await apk("add", "linux-lts=6.2-r0");
    assert(!asked.isDone, asked.said);
    assertStringIncludes(asked.said, ".initramfs-lts-0[linux-lts=6.1-r0]");
    assertEquals(await kept(), before);

    // What holds all this can be let go of, and is what holds it.
    Deno.writeTextFileSync(`${root}/${CONF}`, "");
    assert((await apk("del", ".initramfs-lts")).isDone);
    const free = await apk("upgrade");
    assertMatch(free.said, /Upgrading linux-lts \(6\.1-r0 -> 6\.2-r0\)/);
    assert(!free.said.includes("stays at"), free.said);
    assertEquals(read(INITRAMFS), "Alpine\n");
  },
});
