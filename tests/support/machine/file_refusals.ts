import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { hostVolumes } from "../../../lib/boot/host_volumes.ts";
import { putRootFile } from "../../../lib/format/fat/inject.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { hostBench } from "./host_bench.ts";
import { bootHost, lookAtHost } from "./host_machine.ts";
import { envFile, offlineEnv, TOWER } from "../build/host_system.ts";

/** How a good file becomes a bad one, and what the console says of it. */
const CASES = {
  "a quote in a value": [(t) => t.replace("vault", "va'ult"), /line 1: must be KEY='value'/],
  "a NUL": [(t) => t.replace("vault", "va\0ult"), /line 1: only plain ASCII text/],
  "10 MB": [(t) => t + "#".repeat(10 << 20), /the file has more than 65536 bytes/],
  "a missing key": [(t) => t.replace(/^PUBLIC_KEY=.*\n/m, ""), /PUBLIC_KEY is missing/],
  "an address outside its network": [
    (t) => t.replace(TOWER.offline.host, "10.0.0.1"),
    /STATIC_HOST_IP "10\.0\.0\.1" must be the address of a host in TOWER_NETWORK/,
  ],
  "a user of the system's own": [
    (t) => t.replace("USERNAME='alice'", "USERNAME='daemon'"),
    /USERNAME "daemon" is an account of the system's own/,
  ],
} as const satisfies Readonly<Record<string, Case>>;

type Case = readonly [change: (good: string) => string, says: RegExp];
export type FileCaseName = keyof typeof CASES;
export const FILE_CASES = Object.keys(CASES) as FileCaseName[];

/**
 * A machine without tower.env, then with each of these bad files, says what is wrong and keeps its
 * network closed; the corrected file makes it a host.
 */
export async function refuseFiles(
  t: Deno.TestContext,
  names: readonly FileCaseName[],
): Promise<void> {
  await using bench = await hostBench(TOWER.offline.thinClient);
  const { client, network } = bench;
  const card = bench.card();
  const place = { ...bench, card };
  const good = envFile(offlineEnv(client.publicKey));
  const insert = (bytes: Uint8Array) => {
    using disk = openDisk(card);
    putRootFile(hostVolumes(disk, undefined).boot, {
      name: "tower.env",
      bytes,
      mtime: 1_700_000_000,
    });
  };
  const isRefused = async (says: RegExp) => {
    await using host = await bootHost(place, "none");
    const { machine } = host;
    await machine.eventually(150, () => {
      assertMatch(machine.console(), /tower login:/);
      return Promise.resolve();
    });
    await machine.orConsole(async () => {
      assertMatch(machine.console(), says);
      assertStringIncludes(machine.console(), "the network stays closed");
      assert(!machine.console().includes("first boot: name"));
      const seen = await network.run("ip", "neigh", "show", "dev", "tap0");
      assert(!/lladdr/.test(seen), seen);
    });
  };
  await t.step("no file", () => isRefused(/the file tower\.env on its boot partition is missing/));
  for (const name of names) {
    const [change, says] = CASES[name];
    await t.step(name, async () => {
      insert(new TextEncoder().encode(change(new TextDecoder().decode(good.bytes))));
      await isRefused(says);
    });
  }
  await t.step("the corrected file", async () => {
    insert(good.bytes);
    await using host = await bootHost(place, "offline");
    await host.machine.orConsole(() =>
      lookAtHost(host.ssh, { name: "vault", address: TOWER.offline.host, role: "offline" })
    );
    await host.powerOff();
  });
}
