/**
 * Stands in a network namespace. `storm LINK SPEC` sends a storm and says how many frames the link
 * took; `watch LINK` says, once its input ends, which numbered frames it saw there, as JSON; `hold
 * HOST:PORT COUNT` opens connections, says how many, and holds them until its input ends.
 */
import { randomNumbers } from "../program/random_numbers.ts";
import { RawFrames } from "./raw_frames.ts";
import { MARK, stormFrame, type StormSpec } from "./storm_frames.ts";

const [task, link, spec] = Deno.args;

function say(value: unknown): void {
  let rest = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

function storm(spec: StormSpec): void {
  using frames = new RawFrames(link!);
  const random = randomNumbers(spec.seed);
  let sent = 0;
  for (let id = 0; id < spec.count; id++) {
    if (frames.send(stormFrame(random, spec, id).bytes)) sent++;
  }
  say(sent);
}

/** The number behind the mark, wherever that stands. */
function numberIn(frame: Uint8Array): number | undefined {
  const at = new TextDecoder("latin1").decode(frame).indexOf(MARK);
  if (at < 0 || at + MARK.length + 4 > frame.length) return undefined;
  return new DataView(frame.buffer, frame.byteOffset + at + MARK.length).getUint32(0);
}

async function watch(): Promise<void> {
  using frames = new RawFrames(link!);
  say("ready");
  const seen = new Set<number>();
  let isOver = false;
  const ended = Deno.stdin.readable.pipeTo(new WritableStream()).then(() => isOver = true);
  while (!isOver) {
    for (let frame = frames.receive(); frame; frame = frames.receive()) {
      const id = numberIn(frame);
      if (id !== undefined) seen.add(id);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await ended;
  say([...seen]);
}

async function hold(): Promise<void> {
  const [hostname = "", port] = link!.split(":");
  const held: Deno.TcpConn[] = [];
  const attempts = Array.from({ length: Number(spec) }, async () => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    held.push(connection);
  });
  const late = new Promise((resolve) => setTimeout(resolve, 20_000));
  await Promise.race([Promise.allSettled(attempts), late]);
  say(held.length);
  await Deno.stdin.readable.pipeTo(new WritableStream());
}

if (task === "hold") await hold();
else if (task === "storm") storm(JSON.parse(spec!));
else await watch();
Deno.exit(0);
