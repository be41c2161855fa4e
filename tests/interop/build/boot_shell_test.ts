import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { run } from "../../../build/root.ts";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { probeSector } from "../../../lib/qemu/kvm_probe.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { testEnv } from "../../support/program/test_env.ts";

const real = denoRunner();
const missing = programsMissing(real, "ssh", "ssh-keygen", "/usr/sbin/sshd", "id");

/** What stands in for QEMU: a machine that makes its key, then an SSH server at the forwarded port. */
const MACHINE = `
dir=$1; shift
port=$(printf '%s\\n' "$@" | sed -n 's/.*hostfwd=tcp:127.0.0.1:\\([0-9]*\\)-.*/\\1/p')
rm -f "$dir/host_key" "$dir/host_key.pub"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
mkdir -p /run/sshd 2>/dev/null
exec /usr/sbin/sshd -D -e -f /dev/null -o "ListenAddress=127.0.0.1" -o "Port=$port" \\
  -o "HostKey=$dir/host_key" -o "AuthorizedKeysFile=$dir/login.pub" -o PidFile=none \\
  -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no`;

/** What a user may have for all hosts, in the place of `~/.ssh/config`. */
const OWN_CONFIG = `Host *
  ProxyJump nowhere.invalid
  RemoteCommand false
  ControlMaster auto
  ControlPersist 60
  ControlPath DIR/%p`;

/** The shell that is opened has a script in the place of a terminal. */
const TYPED = `dir=$1; shift 2
echo 'echo it is $((20 + 22)); exit 5' | ssh -F "$dir/config" "$@" >>"$dir/seen" 2>&1`;

function machineRunner(dir: string, machine: string): Runner {
  const placed = (command: Command, script: string): Command => ({
    ...command,
    argv: ["sh", "-c", script, "sh", dir, ...command.argv],
  });
  return {
    which: (program) => program.startsWith("qemu") ? "/usr/bin/qemu" : real.which(program),
    run: (command, options) =>
      real.run(command.argv[0].startsWith("qemu") ? placed(command, machine) : command, options),
    spawn: (command, options) => real.spawn(placed(command, TYPED), options),
  };
}

Deno.test({
  ...named("boot --ssh opens a shell, each time in a machine with another key", missing),
  async fn() {
    using env = testEnv();
    const dir = env.home;
    const boot = (identity: string, machine = MACHINE) =>
      run({
        ...env,
        runner: machineRunner(dir, machine),
        args: [
          ...["boot", "disk.img", "--ssh", "--accelerator", "tcg", "--forward", "23222:22"],
          ...["--user", user, "--identity", identity, "--timeout", "30"],
        ],
      });
    Deno.writeFileSync(join(env.cwd, "disk.img"), probeSector());
    for (const name of ["login", "other"]) {
      await real.run({
        argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(dir, name)],
      });
    }
    Deno.writeTextFileSync(join(dir, "config"), OWN_CONFIG.replace("DIR", dir));
    const user = new TextDecoder().decode((await real.run({ argv: ["id", "-un"] })).stdout).trim();
    const keys = [];
    for (let i = 1; i <= 3; i++) {
      assertEquals(await boot(join(dir, "login")), 5, env.err);
      assertEquals(Deno.readTextFileSync(join(dir, "seen")), "it is 42\n".repeat(i));
      keys.push(Deno.readTextFileSync(join(dir, "host_key.pub")));
    }
    assertNotEquals(keys[0], keys[1]);
    assertEquals(await boot(join(dir, "other")), 1);
    assertMatch(env.err, /Cannot log in as ".*": see what ssh says above\n {2}hint: .*--identity/);
    assertEquals(await boot(join(dir, "login"), "echo no disk >&2; exit 3"), 1);
    assertMatch(
      env.err,
      /Cannot log in to ".*": it ended before\n {2}because: [^]*\n {2}no disk\n/,
    );
  },
});
