import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";

/**
 * Makes the apk of a host's root end in the middle, and the host's line with it, as if its power was lost:
 * real apk under real strace, which kills it before a system call, so that no clock decides where.
 */
export class ApkCutter {
  private constructor(private readonly root: string) {}

  /** @param root The root of a host, whose `doas` runs all that is root's. */
  static async create(runner: Runner, root: string): Promise<ApkCutter> {
    const folder = join(root, "opt/cutter");
    Deno.mkdirSync(folder, { recursive: true });
    const strace = runner.which("strace")!;
    const { stdout } = await runner.run({ argv: ["ldd", strace] });
    const libraries = new TextDecoder().decode(stdout).match(/\/[^ ]+/g) ?? [];
    for (const path of [strace, ...libraries]) {
      Deno.copyFileSync(path, join(folder, path.split("/").at(-1)!));
    }
    const loader = libraries.find((path) => /\/ld-[^/]*$/.test(path))!.split("/").at(-1);
    Deno.writeTextFileSync(
      join(root, "usr/bin/doas"),
      `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$1" = apk ] && [ -e /opt/cutter/point ] || exec "$@"
case $2 in add|del) ;; *) exec "$@" ;; esac
read -r call at </opt/cutter/point
rm /opt/cutter/point
mount -t proc proc /proc
/opt/cutter/${loader} --library-path /opt/cutter /opt/cutter/strace -f -o /dev/null \\
  -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$at" "$@"
pid=$$
until grep -q sshd "/proc/$pid/comm"; do pid=$(sed 's/.*) . //; s/ .*//' "/proc/$pid/stat"); done
kill -KILL "$pid"
`,
      { mode: 0o755 },
    );
    return new ApkCutter(root);
  }

  /** Cuts the next change off before a system call's n-th time. */
  next(call: string, at: number): void {
    Deno.writeTextFileSync(join(this.root, "opt/cutter/point"), `${call} ${at}\n`);
  }

  /** Whether the change that was to be cut off was not even begun. */
  get isWaiting(): boolean {
    try {
      Deno.statSync(join(this.root, "opt/cutter/point"));
      return true;
    } catch {
      return false;
    }
  }
}
