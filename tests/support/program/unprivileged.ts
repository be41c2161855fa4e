import { assertEquals } from "@std/assert";
import { concat } from "../../../lib/bytes/bytes.ts";
import type { Command, Ending } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";

/** The user that owns nothing: nobody. */
export const NOBODY = 65534;

const runner = denoRunner();
const SETPRIV = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"].concat([
  "--inh-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
]);

/**
 * The limits of /proc/sys/user belong to the user namespace of who writes them, so a namespace of
 * our own may forbid all further ones without a word to the machine. Its map is the identity: ids
 * and rights are those that they would be outside. The second shell is root there, the first one
 * had no id yet when it started.
 */
const SCRIPT = `echo; read -r go; exec sh -c '
  echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"' sh "$@"`;
const MAP = "0 0 4294967295\n";

/** Why {@linkcode runUnprivileged} cannot work here, or undefined where it can. For `ignore`. */
export async function unprivilegedMissing(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can become another user";
  for (const tool of ["unshare", "setpriv"]) {
    if (runner.which(tool) === undefined) return `needs ${tool}`;
  }
  try {
    const { ending } = await runUnprivileged({ argv: ["true"] });
    return ending.kind === "exited" && ending.code === 0 ? undefined : "no user namespaces here";
  } catch {
    return "this machine makes no user namespaces";
  }
}

export interface Result {
  readonly ending: Ending;
  readonly out: string;
  readonly err: string;
}

/** Runs a program as nobody, without any capability, where nobody can make a user namespace. */
export async function runUnprivileged(command: Command): Promise<Result> {
  const argv: Command["argv"] = [
    ...["unshare", "--user", "--", "sh", "-c", SCRIPT, "sh"] as [string, ...string[]],
    ...SETPRIV,
    ...command.argv,
  ];
  await using child = runner.spawn({ ...command, argv });
  const stdout = child.stdout.getReader();
  await stdout.read(); // the namespace is there
  for (const map of ["uid_map", "gid_map"]) {
    Deno.writeTextFileSync(`/proc/${child.pid}/${map}`, MAP);
  }
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode("\n"));
  await stdin.close();
  stdout.releaseLock();
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { ending: await child.ended, out, err };
}

/** Proves that a program run this way has no rights and cannot get any. */
export async function assertUnprivileged(): Promise<void> {
  const script = "id -u; grep ^Cap /proc/self/status; grep ^NoNewPrivs /proc/self/status; " +
    "unshare --user true || echo no user namespace";
  const { out } = await runUnprivileged({ argv: ["sh", "-c", script] });
  assertEquals(out.split("\n").map((line) => line.replace(/\s+/g, " ")), [
    String(NOBODY),
    ...["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => `${set}: ${"0".repeat(16)}`),
    "NoNewPrivs: 1",
    "no user namespace",
    "",
  ]);
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(concat(await Array.fromAsync(stream)));
}
