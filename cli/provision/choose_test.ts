import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { hostName } from "../../lib/fleet/host.ts";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { chooseCard } from "./choose.ts";

const disk = (path: string, more: Record<string, unknown> = {}) => ({
  path,
  kname: path.slice("/dev/".length),
  "maj:min": `8:${16 * path.charCodeAt(path.length - 1)}`,
  type: "disk",
  size: 8_000_000_000,
  rm: true,
  hotplug: true,
  ro: false,
  model: "Reader",
  serial: path.slice(-1),
  mountpoints: [null],
  ...more,
});
const BUILT_IN = disk("/dev/nvme0n1", { rm: false, hotplug: false });
const [A, B] = [disk("/dev/sda"), disk("/dev/sdb")];
const EMPTY = disk("/dev/sdz", { size: 0 });

/** A machine that shows one list of disks after another, and a user who answers in order. */
function machine(lists: readonly unknown[][], answers: readonly (string | undefined)[]) {
  const [disks, said] = [[...lists], [...answers]];
  let text = "";
  const env = {
    stdinIsTerminal: true,
    signal: new AbortController().signal,
    runner: new RecordingRunner({
      lsblk: () => ({
        stdout: JSON.stringify({ blockdevices: disks.length > 1 ? disks.shift() : disks[0] }),
      }),
    }),
    stderr: { write: (part: string) => void (text += part) },
    ask(question: string) {
      text += question;
      return Promise.resolve(said.shift());
    },
  };
  const choose = (taken: string[] = []) =>
    chooseCard({ name: hostName("vault"), allowFixed: false, taken, settle: 0 }, env);
  return { env, choose, shown: () => text };
}

Deno.test("a card that is there is taken by its number; built-in, empty and taken ones are not shown", async () => {
  const { choose, shown } = machine([[BUILT_IN, EMPTY, A, B]], ["1"]);
  assertEquals(await choose(["/dev/sda"]), "/dev/sdb");
  assertEquals(
    shown().split("\n").slice(0, 2),
    ["Which card is for vault?", "  1. /dev/sdb (Reader, 7.45 GiB, serial b)"],
  );
  assertEquals(shown().includes("nvme"), false);
});

Deno.test("a card that is plugged in when asked is taken; none or two are refused", async () => {
  const absent = [BUILT_IN, A];
  assertEquals(await machine([absent, absent, [BUILT_IN, A, B]], ["", ""]).choose(), "/dev/sdb");
  const cases: [unknown[], string][] = [
    [absent, "no new device appeared"],
    [[...absent, B, disk("/dev/sdc")], "/dev/sdc (Reader, 7.45 GiB, serial c) appeared at once"],
  ];
  for (const [after, message] of cases) {
    const { choose } = machine([absent, absent, after], ["", ""]);
    const error = await assertRejects(choose, TowerError, message);
    assertEquals(error.code, "conflict");
  }
});

Deno.test("what is no number of the list, no answer, and nobody to ask are wrong usage", async () => {
  for (const answer of ["2", "/dev/sda", "-1", undefined]) {
    const error = await assertRejects(machine([[A]], [answer]).choose, TowerError);
    assertEquals(error.code, "usage", error.message);
  }
  const { env } = machine([[A]], ["1"]);
  const error = await assertRejects(
    () =>
      chooseCard({ name: hostName("vault"), allowFixed: false, taken: [] }, {
        ...env,
        stdinIsTerminal: false,
      }),
    TowerError,
    "say one of --boot-device and --device-file",
  );
  assertEquals([error.code, env.runner.commands], ["usage", []]);
});
