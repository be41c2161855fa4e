import { TowerError } from "../../lib/errors.ts";
import type { Runner, RunningProcess } from "../../lib/proc/command.ts";
import type { Packer } from "./packer.ts";

const XZ = "xz";
/** One thread: blocks of several would change the bytes; no adjusting to the machine's memory. */
const ARGUMENTS = ["--threads=1", "-6", "--check=crc64", "--no-adjust", "--stdout"] as const;
const MESSAGE_LIMIT = 4 << 10;

/** @throws {TowerError} `tool` when there is no xz */
export function requireXz(runner: Runner): void {
  if (runner.which(XZ) !== undefined) return;
  throw new TowerError("tool", 'Cannot compress with "xz": the program is missing', {
    hint: "Debian: apt-get install xz-utils; Alpine: apk add xz; or choose gzip or zstd",
  });
}

/** A packer that is the program xz. */
export async function openXz(write: (bytes: Uint8Array) => void, runner: Runner): Promise<Packer> {
  requireXz(runner);
  const version = new TextDecoder().decode(
    (await runner.run({ argv: [XZ, "--version"] })).stdout,
  );
  const tool = `xz ${/[0-9]+(\.[0-9]+)+\w*/.exec(version)?.[0] ?? "unknown"}`;
  const child = runner.spawn({ argv: [XZ, ...ARGUMENTS] });
  const stdin = child.stdin.getWriter();
  const output = drain(child.stdout, write);
  const message = textOf(child.stderr);
  // Its failure, such as a full disk, is told by whoever feeds xz: it stops reading then.
  output.catch(() => {});
  const fed = async (work: Promise<void>) => {
    try {
      await work;
    } catch (cause) {
      await output;
      throw await failure(child, message, cause);
    }
  };
  return {
    tool,
    push: (bytes) => fed(stdin.write(bytes)),
    async end() {
      await fed(stdin.close());
      await output;
      const ending = await child.ended;
      if (ending.kind !== "exited" || ending.code !== 0) throw await failure(child, message);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  for await (const bytes of stream) write(bytes);
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    if (text.length < MESSAGE_LIMIT) text += decoder.decode(bytes, { stream: true });
  }
  return text.trim().slice(0, MESSAGE_LIMIT);
}

async function failure(
  child: RunningProcess,
  message: Promise<string>,
  cause?: unknown,
): Promise<TowerError> {
  const ending = await child.ended;
  const how = ending.kind === "exited"
    ? `it ended with ${ending.code}`
    : `${ending.signal} ended it`;
  const text = await message;
  return new TowerError("tool", `Cannot compress with "xz": ${text === "" ? how : text}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
