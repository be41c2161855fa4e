import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { alpineOracle, oracleMissing } from "../apk/alpine_oracle.ts";
import { debianFolder } from "../build/debian_files.ts";
import { tempFolder } from "../program/file_sink.ts";

/** A busybox whose shell finds no program but its own applets. */
export interface BusyboxShell extends AsyncDisposable {
  /** A file that starts the shell. */
  readonly sh: string;
  /** The folder to use as PATH. */
  readonly path: string;
}

/** Debian's busybox from its package, kept in the user's cache; Alpine's from the oracle's data. */
export async function busyboxShell(
  runner: Runner,
  origin: "debian" | "alpine",
  applets: readonly string[],
): Promise<BusyboxShell> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(tempFolder());
  const applet = (name: string) => join(folder.path, name);
  if (origin === "debian") {
    const busybox = join(await debianFolder(runner, "busybox-static"), "bin/busybox");
    for (const name of ["sh", ...applets]) Deno.symlinkSync(busybox, applet(name));
  } else {
    const oracle = await alpineOracle();
    if ("skip" in oracle) throw new Error(oracle.skip);
    const { root } = stack.use(oracle);
    const start = `exec ${root}/lib/ld-musl-x86_64.so.1 --library-path ` +
      `${root}/lib:${root}/usr/lib ${root}/bin/busybox`;
    for (const name of ["sh", ...applets]) {
      Deno.writeTextFileSync(applet(name), `#!/bin/sh\n${start} ${name} "$@"\n`);
      Deno.chmodSync(applet(name), 0o755);
    }
  }
  const owned = stack.move();
  return {
    sh: applet("sh"),
    path: folder.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Why a shell cannot be had, or undefined where it can. */
export function busyboxMissing(runner: Runner, origin: "debian" | "alpine"): string | undefined {
  if (origin === "alpine") return oracleMissing();
  const absent = ["apt-get", "dpkg-deb"].filter((program) => !runner.which(program));
  return absent.length > 0 ? `no ${absent.join(", ")}` : undefined;
}
