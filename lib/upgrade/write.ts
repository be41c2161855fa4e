import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { tempDir, writeFileAtomic } from "../files/files.ts";
import type { Breathe } from "../breathe.ts";
import { padding, tarEnd, tarHeader } from "../format/tar.ts";
import { endingText } from "../proc/failure.ts";
import type { Runner } from "../proc/command.ts";
import type { NewSystem, UpdatePart } from "./new_system.ts";
import { TOWER_SLOT } from "./running_system.ts";

const CHUNK = 1 << 20;

/** What writing works with. */
export interface WriteSite {
  readonly runner: Runner;
  readonly breathe: Breathe;
  /** Told of bytes done, of all that are to be done. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Has tower-slot write a system into the slot that does not run, read it back and let it be tried.
 * @throws {TowerError} `tool` with tower-slot's reason: the slot is then empty, and not started
 */
export async function writeSlot({ parts }: NewSystem, site: WriteSite): Promise<void> {
  using folder = tempDir();
  const list = `${folder.path}/SHA256SUMS`;
  const lines = parts.map(({ sha256, name }) => `${sha256}  ${name}\n`);
  writeFileAtomic(list, new TextEncoder().encode(lines.join("")), 0o600);
  await using writer = site.runner.spawn({
    argv: [TOWER_SLOT, "write-other", "--sums", list, "-"],
  });
  const said = new Response(writer.stderr).text();
  void writer.stdout.cancel();
  // Who has ended does not read on: why it ended says more than that.
  const fed = await feed(writer.stdin, parts, site).then(() => undefined, (error) => error);
  if (fed instanceof TowerError) throw fed;
  const ending = await writer.ended;
  if (ending.kind === "exited" && ending.code === 0 && fed === undefined) return;
  const why = (await said).trim().replaceAll(/^tower-slot: /gm, "") || endingText(ending);
  throw new TowerError("tool", `Cannot write the other slot: ${why}`, { cause: fed });
}

async function feed(
  pipe: WritableStream<Uint8Array>,
  parts: readonly UpdatePart[],
  { breathe, onProgress }: WriteSite,
): Promise<void> {
  const total = parts.reduce((sum, { source }) => sum + source.size, 0);
  let done = 0;
  await using ended = new AsyncDisposableStack();
  const out = pipe.getWriter();
  ended.defer(() => out.close().catch(() => undefined));
  for (const { name, source } of parts) {
    await out.write(headerOf(name, source.size));
    for (let at = 0; at < source.size;) {
      const chunk = new Uint8Array(Math.min(CHUNK, source.size - at));
      const n = source.readAt(at, chunk);
      if (n <= 0) throw new TowerError("malformed", `Cannot read ${name}: it ends too early`);
      await out.write(chunk.subarray(0, n));
      at += n;
      onProgress(done += n, total);
      await breathe();
    }
    await out.write(padding(source.size));
  }
  await out.write(tarEnd());
}

function headerOf(path: string, size: number): Uint8Array {
  const owned = { uid: 0, gid: 0, mtime: 0, mode: 0o600, origin: "stage:slots" } as const;
  const blob = "update" as Digest;
  const content = { kind: "span", blob, offset: 0, size, sha256: undefined } as const;
  return tarHeader({ ...owned, type: "file", path, content });
}
