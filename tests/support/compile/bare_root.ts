import { join } from "@std/path";
import { armBusybox } from "./arm_files.ts";
import { debianFolder } from "../build/debian_files.ts";
import { oracleData } from "../apk/alpine_oracle.ts";
import type { Command, Runner } from "../../../lib/proc/command.ts";

/** How a program runs in a {@linkcode BareRoot}. */
export interface BareRun {
  readonly argv: readonly [string, ...string[]];
  readonly uid: 0 | 65534;
  /** All variables that the program gets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The root read-only, and every place that can be written mounted noexec. */
  readonly isHarsh?: boolean;
  readonly okCodes?: readonly number[];
}

/**
 * A root folder without glibc: Alpine's, else one with a static busybox alone. Programs run in it
 * in namespaces of their own, whose network has the loopback only.
 */
export class BareRoot implements Disposable {
  readonly #runner: Runner;

  private constructor(readonly path: string, readonly isAlpine: boolean, runner: Runner) {
    this.#runner = runner;
  }

  /** @param machine Whose programs it runs. */
  static async open(runner: Runner, machine: "x86_64" | "aarch64" = "x86_64"): Promise<BareRoot> {
    const path = await Deno.makeTempDir({ prefix: "tower-bare-" });
    await Deno.chmod(path, 0o755);
    const archive = minirootfs(machine);
    if (archive !== undefined) {
      await runner.run({ argv: ["tar", "-xzf", archive, "-C", path] });
    } else {
      const busybox = machine === "aarch64"
        ? await armBusybox(runner)
        : join(await debianFolder(runner, "busybox-static"), "bin/busybox");
      await busyboxRoot(path, busybox);
    }
    await Deno.mkdir(join(path, "usr/local/bin"), { recursive: true });
    return new BareRoot(path, archive !== undefined, runner);
  }

  /** Puts a program into /usr/local/bin. */
  async install(name: string, bytes: Uint8Array): Promise<void> {
    await Deno.writeFile(join(this.path, "usr/local/bin", name), bytes, { mode: 0o755 });
    await Deno.chmod(join(this.path, "usr/local/bin", name), 0o755);
  }

  /** Runs a program to its end. */
  async run(run: BareRun): Promise<{ code: number; stdout: string; stderr: string }> {
    const { ending, stdout, stderr } = await this.#runner.run(this.command(run));
    const text = new TextDecoder();
    return {
      code: ending.kind === "exited" ? ending.code : -1,
      stdout: text.decode(stdout),
      stderr: text.decode(stderr),
    };
  }

  /** The command line that enters the root. */
  command({ argv, uid, variables = {}, isHarsh = false, okCodes }: BareRun): Command {
    const set = Object.entries({ PATH: "/usr/local/bin:/usr/bin:/bin", ...variables });
    return {
      argv: [
        ...["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-ec", ENTER] as const,
        ...["sh", this.path, isHarsh ? "ro" : "rw", String(uid)],
        ...set.map(([name, value]) => `${name}=${value}`),
        ...argv,
      ],
      ...(okCodes === undefined ? {} : { okCodes }),
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Arguments: root, ro or rw, user, then what env(1) takes. */
const ENTER = `
root=$1 mode=$2 user=$3; shift 3
ip link set lo up
mount --bind "$root" "$root"
mount -t proc -o hidepid=2 proc "$root/proc"
mount -t tmpfs -o noexec,mode=755 dev "$root/dev"
for node in null zero urandom; do : > "$root/dev/$node"; mount --bind /dev/$node "$root/dev/$node"; done
mkdir -m 1777 "$root/dev/shm"
if [ "$mode" = ro ]; then
  for place in tmp run var/tmp; do
    mkdir -p "$root/$place"; mount -t tmpfs -o noexec,mode=1777 tmp "$root/$place"
  done
  mount -o remount,bind,ro "$root"
fi
exec chroot --userspec="$user:$user" "$root" /bin/busybox env -i "$@"
`;

/** The archive of a real Alpine root, where the data are there. */
export function minirootfs(machine: "x86_64" | "aarch64"): string | undefined {
  const data = oracleData();
  if (data === undefined) return undefined;
  const path = join(data, `alpine/alpine-minirootfs-3.20.3-${machine}.tar.gz`);
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}

async function busyboxRoot(root: string, busybox: string): Promise<void> {
  for (const folder of ["bin", "dev", "etc", "proc", "run", "tmp", "usr/bin", "var/tmp"]) {
    await Deno.mkdir(join(root, folder), { recursive: true });
  }
  await Deno.copyFile(busybox, join(root, "bin/busybox"));
  for (const name of ["sh", "ls", "sed", "env", "cat", "head", "ln", "uname"]) {
    await Deno.symlink("busybox", join(root, "bin", name));
  }
  await Deno.writeTextFile(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
  await Deno.writeTextFile(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\n");
}
