import { assertEquals } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { FURNISH } from "../../../lib/lab/machine_space.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = rootMissing() ?? programsMissing(runner, "unshare", "setpriv", "mount");

/** A machine as systemd lays it out, and an ordinary user of it. */
const DESKTOP = `
mount -n -t tmpfs tmpfs /run
mkdir /run/mount /run/user
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all -- \\
	unshare --map-root-user --net --mount -- sh -ec "$1" machine alice`;

Deno.test({
  ...named("an ordinary user of a desktop can lay out a thin client of try-tower", missing),
  async fn() {
    const script = FURNISH.replace("exec cat", "tail -n 1 /etc/passwd; ls /run");
    const { stdout } = await runner.run({
      argv: ["unshare", "--mount", "--", "sh", "-ec", DESKTOP, "sh", script],
    });
    const lines = new TextDecoder().decode(stdout).split("\n");
    assertEquals(lines.slice(0, 3), ["ready", "alice:x:0:0::/:/bin/sh", "sshd"]);
  },
});
