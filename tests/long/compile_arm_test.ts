import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { ARM_TOOLS, armPrograms } from "../support/compile/arm_files.ts";
import { BareRoot } from "../support/compile/bare_root.ts";

const runner = denoRunner();
const QEMU = "qemu-aarch64-static";
const missing = [...ARM_TOOLS, QEMU, "unshare"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0
  ? `${missing.join(", ")} missing`
  : Deno.uid() !== 0
  ? "needs root, for chroot and namespaces"
  : undefined;

/** Arguments: root, user, then what QEMU takes. */
const ENTER = 'root=$1 user=$2; shift 2; ip link set lo up; mount -t proc proc "$root/proc"; ' +
  `exec chroot --userspec="$user:$user" "$root" /${QEMU} "$@"`;

Deno.test({
  name: "a packed aarch64 program works in a bare aarch64 root, where it did not start before" +
    (skip === undefined ? "" : ` (skipped: ${skip})`),
  ignore: skip !== undefined,
  async fn() {
    using root = await BareRoot.open(runner, "aarch64");
    const { plain, smoke } = await armPrograms(runner);
    await root.install("plain", plain);
    await root.install("smoke", smoke);
    await Deno.copyFile(runner.which(QEMU)!, join(root.path, QEMU));
    const run = async (uid: number, program: string, args: string[], okCodes = [0]) => {
      const variables = ["DENO_V8_FLAGS=--none", "HOME=/", "LD_PRELOAD=/lib/libz.so.1"];
      const { stdout, stderr } = await runner.run({
        argv: [
          ...["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-ec", ENTER, "sh"] as const,
          ...[root.path, String(uid), ...variables.flatMap((v) => ["-E", v])],
          ...[`/usr/local/bin/${program}`, ...args],
        ],
        okCodes,
      });
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    assertStringIncludes(await run(0, "plain", ["--version"], [255]), "ld-linux-aarch64.so.1");
    const act = async (uid: number, name: string) =>
      JSON.parse((await run(uid, "smoke", [name])).trim().split("\n").at(-1)!);
    for (const uid of [0, 65534]) assertEquals((await act(uid, "runtime")).user, uid);
    assertEquals(await act(0, "serve"), ["served", "served"]);
    assertEquals(await act(0, "worker"), 42);
  },
});
