import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { ApkCutter } from "./cut_apk.ts";
import type { PackageTower } from "./package_tower.ts";
import { Untouched } from "./untouched.ts";

/** Before which system calls apk is cut off. */
export interface Cuts {
  readonly renames: readonly number[];
  readonly removals: readonly number[];
}

/** What is looked at of a host with its packages. */
export class PackageHost {
  constructor(private readonly runner: Runner, private readonly place: PackageTower) {}

  get world(): string {
    return Deno.readTextFileSync(join(this.place.root, "etc/apk/world"));
  }

  get kept(): string {
    return Deno.readTextFileSync(join(this.place.tower.folder, "hosts/vault/world"));
  }

  /** What real apk says there, called by hand. */
  async apk(...words: string[]): Promise<string> {
    const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" apk "$@"';
    const argv = ["unshare", "--mount", "sh", "-c", script, this.place.root, ...words] as const;
    return new TextDecoder().decode((await this.runner.run({ argv: [...argv] })).stdout);
  }

  /** Installs, which must succeed. @returns what was said */
  async install(...words: string[]): Promise<string> {
    const { code, out, err } = await this.place.tower.run("install", "vault", ...words);
    assertEquals(code, 0, out + err);
    return out;
  }

  /** The files of what is installed are those that were installed. */
  async requireAudited(): Promise<void> {
    assertEquals(await this.apk("audit", "--system", "--packages"), "");
  }

  async requireSound(): Promise<void> {
    await this.requireAudited();
    assertStringIncludes(await this.apk("fix", "--no-network"), "OK: ");
    assertEquals(this.kept, this.world);
  }
}

/** Cuts real apk off at each of these points, and has it repaired. */
export async function repairCuts(
  t: Deno.TestContext,
  runner: Runner,
  place: PackageTower,
  { renames, removals }: Cuts,
): Promise<void> {
  const host = new PackageHost(runner, place);
  const { tower, root } = place;
  const old = host.world, untouched = await Untouched.since(place);
  const cutter = await ApkCutter.create(runner, root);
  const uninstall = async () => {
    await host.requireSound();
    await untouched.require();
    assertEquals((await tower.run("uninstall", "vault", "wget")).code, 0);
    assertEquals(host.world, old);
  };
  for (const at of renames) {
    await t.step(`apk that is cut off before it renames file ${at} is repaired`, async () => {
      cutter.next("renameat", at);
      const { code, err } = await tower.run("install", "vault", "wget");
      assertEquals([code, cutter.isWaiting], [1, false], err);
      const found = await host.install("--repair");
      assert(/apk was cut off: .*\.(apk\.[0-9a-f]{48}|new)\n/.test(found), found);
      assertStringIncludes(host.world, "wget\n");
      assertStringIncludes(await host.install("--repair"), "vault: nothing is broken\n");
      await uninstall();
    });
  }
  for (const at of removals) {
    await t.step(`apk that is cut off before it removes file ${at} is repaired`, async () => {
      await host.install("wget");
      cutter.next("unlinkat", at);
      const { code, err } = await tower.run("uninstall", "vault", "wget");
      assertEquals([code, cutter.isWaiting], [1, false], err);
      const repaired = await host.install("--repair");
      assertStringIncludes(repaired, "vault: repair wget-1.21.4-r0\n");
      await uninstall();
    });
  }
}
