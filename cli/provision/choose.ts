import type { BlockDevice } from "../../lib/disk/block_device.ts";
import { describeDevice, listDisks, newDisks, refusals } from "../../lib/disk/devices.ts";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import type { HostName } from "../../lib/fleet/host.ts";

/** Milliseconds until the system knows a card that was plugged in; TowerOS' own. */
const SETTLE = 2000;

export interface Choice {
  readonly name: HostName;
  /** Whether a disk that is built in will do. */
  readonly allowFixed: boolean;
  /** Devices that other hosts of this call get. */
  readonly taken: readonly string[];
  readonly settle?: number;
}

/**
 * Asks for the card of a host: one of those that are there, by number, or the one that is plugged
 * in when asked, as TowerOS does.
 *
 * @throws {TowerError} `usage` where nobody can be asked, `conflict` when no device or more than
 * one is new.
 */
export async function chooseCard(
  { name, allowFixed, taken, settle = SETTLE }: Choice,
  env: Pick<Env, "ask" | "runner" | "signal" | "stderr" | "stdinIsTerminal">,
): Promise<string> {
  if (!env.stdinIsTerminal) {
    throw new TowerError(
      "usage",
      `Cannot provision "${name}": say one of --boot-device and --device-file`,
      { hint: "lsblk shows the devices of this machine; plug the card in and look what is new" },
    );
  }
  const say = (line: string) => env.stderr.write(`${printable(line)}\n`);
  const before = await listDisks(env.runner);
  const free = before.filter((disk) =>
    !taken.includes(disk.path) && refusals(disk, { size: 0, allowFixed }).length === 0
  );
  say(`Which card is for ${name}?`);
  for (const [i, disk] of free.entries()) say(`  ${i + 1}. ${describeDevice(disk)}`);
  if (free.length === 0) say("  --device-file FILE writes an image file instead");
  const question = free.length === 0
    ? "There is none. Press Enter, and then plug it in: "
    : "Type its number, or, with the card taken out, press Enter and then plug it in: ";
  const answer = (await asked(question, env)).trim();
  if (answer !== "") return numbered(answer, free, name).path;
  const absent = await listDisks(env.runner);
  await asked("Plug the card in, then press Enter: ", env);
  await new Promise((resolve) => setTimeout(resolve, settle));
  env.signal.throwIfAborted();
  const found = newDisks(absent, await listDisks(env.runner));
  const [card] = found;
  if (card && found.length === 1) {
    say(`It is ${describeDevice(card)}.`);
    return card.path;
  }
  const cause = card === undefined
    ? "no new device appeared"
    : `${found.map(describeDevice).join(" and ")} appeared at once`;
  throw new TowerError("conflict", `Cannot tell the card of "${name}": ${cause}`, {
    hint: "Try again, or name it with --boot-device",
  });
}

async function asked(question: string, env: Pick<Env, "ask">): Promise<string> {
  const answer = await env.ask(question);
  if (answer !== undefined) return answer;
  throw new TowerError("usage", "Cannot ask for the card: there is no answer", {
    hint: "name it with --boot-device",
  });
}

function numbered(answer: string, free: readonly BlockDevice[], name: HostName): BlockDevice {
  const disk = /^[0-9]{1,3}$/.test(answer) ? free[Number(answer) - 1] : undefined;
  if (disk) return disk;
  throw new TowerError(
    "usage",
    `Cannot take "${answer.slice(0, 40)}" as the card of "${name}": it is none of the numbers`,
  );
}
