import type { ByteSource } from "../bytes/bytes.ts";
import { rootHashOfProgram } from "../boot/named_root.ts";
import { systemdBootPath } from "../boot/systemd_boot.ts";
import { inspectDevice, type InspectedDevice } from "../disk/devices.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { exists, readText } from "../files/files.ts";
import { openRegular } from "../files/regular_file.ts";
import { mounted } from "./mounted.ts";

const LIMIT = 1 << 16;
/** Where the medium has the program that starts its root from a disk (thinclient.yaml). */
const PROGRAM = "/install/system.efi";

/** The medium that this machine was started from: what a thin client's disk is made of. */
export interface LiveMedium extends AsyncDisposable {
  readonly device: InspectedDevice;
  readonly root: ByteSource;
  readonly hashes: ByteSource;
  readonly rootHash: string;
  readonly program: ByteSource;
  readonly loader: ByteSource;
}

/**
 * Mounts it once more, as its own mount belongs to nobody since the start.
 * @throws {TowerError} `unsupported` where this machine was not started so, `not-found`, `damaged`
 */
export async function openLiveMedium(
  { runner }: Pick<Env, "runner">,
  commandLine = readText("/proc/cmdline", LIMIT),
): Promise<LiveMedium> {
  const words = new Map(
    commandLine.trim().split(/\s+/).map((word) => {
      const [key = "", ...rest] = word.split("=");
      return [key, rest.join("=")];
    }),
  );
  const [live, rootHash = ""] = [words.get("live"), words.get("roothash")];
  if (!live?.startsWith("/") || !/^[0-9a-f]{64}$/.test(rootHash)) {
    throw new TowerError("unsupported", "Cannot set up a thin client: this is no live medium", {
      hint: "start the machine from the thin client's medium",
    });
  }
  const path = await mediumPath(runner, words.get("root") ?? "");
  await using owned = new AsyncDisposableStack();
  const options = ["-o", "ro,nosuid,nodev,noexec"];
  const { path: folder } = owned.use(await mounted(runner, path, "medium", ...options));
  const open = (file: string) => owned.use(openRegular(file));
  const program = open(partOf(`${folder}${PROGRAM}`, PROGRAM));
  requireRootHash(program, rootHash);
  const loader = `/${systemdBootPath("x86_64")}`;
  if (!exists(loader)) {
    throw new TowerError("unsupported", `Cannot set up a thin client: there is no ${loader}`, {
      hint: "the medium was built with gummiboot, which cannot start a disk with two systems",
    });
  }
  const parts = {
    device: await inspectDevice(runner, path),
    root: open(partOf(`${folder}${live}`, live)),
    hashes: open(partOf(`${folder}${live.replace(/\.[^./]*$/, "")}.verity`, `${live}'s hash tree`)),
    ...{ rootHash, program, loader: open(loader) },
  };
  const kept = owned.move();
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function mediumPath(runner: Env["runner"], root: string): Promise<string> {
  if (root.startsWith("/dev/")) return root;
  const { ending, stdout } = await runner.run({ argv: ["findfs", root], okCodes: [0, 1] });
  const path = new TextDecoder().decode(stdout).trim();
  if (ending.kind === "exited" && ending.code === 0 && path.startsWith("/dev/")) return path;
  throw new TowerError("not-found", `Cannot find the medium: nothing is ${root}`, {
    hint: "put the medium in again that this machine was started from",
  });
}

function partOf(path: string, name: string): string {
  if (exists(path)) return path;
  throw new TowerError("not-found", `Cannot set up a thin client: the medium has no ${name}`);
}

/** The program and the root are of one build where its command line has the root's hash. */
function requireRootHash(program: ByteSource, rootHash: string): void {
  if (rootHashOfProgram(program) === rootHash) return;
  throw new TowerError(
    "damaged",
    `Cannot set up a thin client: the medium's ${PROGRAM} starts another root`,
  );
}
