import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Ending, Runner } from "../../../lib/proc/command.ts";
import { makeProgramRepository } from "../desktop/program_repository.ts";
import { PATIENCE } from "../machine/test_machine.ts";
import { PackageHost } from "./apk_cuts.ts";
import type { PackageTower } from "./package_tower.ts";
import { Untouched } from "./untouched.ts";

const HOOK = fromFileUrl(new URL("./kill_hook.ts", import.meta.url));

/** Where `tower` is ended while it installs, by what happens there and not by time. */
export type KillPoint =
  /** As it starts its n-th ssh, which runs on. */
  | { readonly ssh: number }
  /** When half of a file of the repository came. */
  | { readonly half: string }
  /** In what the host does: `begin` and `end` of apk, or a script of a package. */
  | { readonly host: string }
  /** Before it changes a file of the store for the n-th time. */
  | { readonly stored: number }
  /** Before the change of a file of its inventory that is this part, from 0 to 1, of all of them. */
  | { readonly kept: number };

/** What is installed; each has scripts that apk runs. The data do not fit into any buffer on the way. */
const PACKAGES = ["pad-data", "pad-libs", "pad"] as const;
const SCRIPTS = ["pre-install", "post-install"] as const;

/** All points of one install in the host, in their order. */
export const HOST_POINTS: readonly string[] = [
  "begin",
  ...PACKAGES.flatMap((name) => SCRIPTS.map((script) => `${name}.${script}`)),
  "end",
];

const INSTALL = ["install", "vault", "pad"] as const;

/** Ends a real `tower` by SIGKILL, itself alone: what it started must see that and end. */
export class InstallKills {
  private constructor(
    private readonly runner: Runner,
    private readonly place: PackageTower,
    private readonly folder: string,
  ) {}

  /** Lays the packages out, and what kills into the host and before ssh. */
  static create(runner: Runner, place: PackageTower): InstallKills {
    place.knowOwn();
    const scripts = (name: string) =>
      Object.fromEntries(
        SCRIPTS.map((script) => [script, `#!/bin/sh\n${killingAt(`${name}.${script}`)}`]),
      );
    makeProgramRepository(join(place.repository, "own"), {
      "pad-data": { files: { "usr/share/pad-data": noise(8 << 20) }, scripts: scripts("pad-data") },
      "pad-libs": { files: { "usr/lib/pad": "libs" }, scripts: scripts("pad-libs") },
      pad: {
        depends: ["pad-data", "pad-libs"],
        files: { "usr/bin/pad": "#!/bin/sh\n", "etc/pad.conf": "pad\n" },
        scripts: scripts("pad"),
      },
    });
    const doas = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$1 $2" = "apk add" ] || exec "$@"
${killingAt("begin")}"$@"
code=$?
${killingAt("end")}exit "$code"
`;
    Deno.writeTextFileSync(join(place.root, "usr/bin/doas"), doas);
    const ssh = join(place.programs, "ssh"), folder = join(place.programs, "kill");
    Deno.mkdirSync(folder);
    Deno.renameSync(ssh, join(folder, "ssh"));
    const counting = `#!/bin/sh
echo >>${folder}/calls
[ "$(wc -l <${folder}/calls)" != "$(cat ${folder}/at)" ] || kill -KILL "$(cat ${folder}/pid)"
exec ${folder}/ssh "$@"
`;
    Deno.writeTextFileSync(ssh, counting, { mode: 0o755 });
    return new InstallKills(runner, place, folder);
  }

  /** Kills at each point; after each nothing is left, and a second try does what was wanted. */
  async require(t: Deno.TestContext, points: readonly KillPoint[]): Promise<void> {
    const { place, runner, folder } = this;
    const host = new PackageHost(runner, place);
    const old = host.world, untouched = await Untouched.since(place);
    const uninstall = async () => {
      const { code, err } = await place.tower.run("uninstall", "vault", "pad");
      assertEquals(code, 0, err);
      await host.requireSound();
      assertEquals(host.world, old);
      await untouched.require();
    };
    const log = join(folder, "log");
    // The first one writes more files than all others.
    for (const variables of [{}, { TOWER_KILL_LOG: log }]) {
      assertEquals(await this.#install(variables), { kind: "exited", code: 0 });
      await uninstall();
    }
    const files = await this.#files();
    const changes = Deno.readTextFileSync(log).split("\n").length;
    for (const point of points) {
      await t.step(`tower is killed at ${JSON.stringify(point)}`, async () => {
        await this.#kill(point, changes);
        await untouched.require();
        await host.requireAudited();
        await host.install("pad");
        await host.requireSound();
        assertStringIncludes(host.world, "pad\n");
        await uninstall();
        assertEquals(await this.#files(), files);
      });
    }
  }

  /** All that lies in the inventory. */
  async #files(): Promise<string> {
    const { stdout } = await this.runner.run({ argv: ["find", this.place.tower.folder] });
    return new TextDecoder().decode(stdout).split("\n").sort().join("\n");
  }

  async #kill(point: KillPoint, changes: number): Promise<void> {
    const { place, folder } = this;
    const { home } = place.tower.env, cache = join(home, ".cache");
    await Deno.remove(cache, { recursive: true }).catch(() => {});
    const armed = join(folder, "at"), armedThere = join(place.root, "kill-at");
    Deno.writeTextFileSync(armed, "ssh" in point ? `${point.ssh}` : "0");
    Deno.writeTextFileSync(armedThere, "host" in point ? point.host : "");
    const isKilled = this.#install(
      "stored" in point
        ? { TOWER_KILL_BELOW: cache, TOWER_KILL_AT: `${point.stored}` }
        : "kept" in point
        ? { TOWER_KILL_AT: `${Math.max(1, Math.round(point.kept * changes))}` }
        : {},
      "half" in point ? point.half : undefined,
    );
    assertEquals(await isKilled, { kind: "signalled", signal: "SIGKILL" }, `${changes} changes`);
    for (const path of [armed, armedThere]) Deno.writeTextFileSync(path, "");
  }

  /**
   * Installs by a process.
   * @param half A file of which half comes: then it is killed.
   */
  async #install(variables: Record<string, string>, half?: string): Promise<Ending> {
    const { place, runner, folder } = this;
    Deno.writeTextFileSync(join(folder, "calls"), "");
    const command = await place.command(runner, INSTALL, { flags: ["--preload", HOOK] });
    const telling = `echo $$ >${folder}/pid; echo $$ >${place.root}/tower.pid; exec "$@"`;
    const mark = join(place.repository, "own/x86_64", `${half}.half`);
    if (half !== undefined) Deno.writeTextFileSync(mark, "");
    const asked = place.asked.length;
    await using child = runner.spawn({
      argv: ["sh", "-c", telling, "sh", ...command.argv],
      variables: {
        ...command.variables,
        TOWER_KILL_BELOW: place.tower.folder,
        TOWER_KILL_AT: "0",
        ...variables,
      },
    });
    void child.stdout.cancel();
    void child.stderr.cancel();
    if (half !== undefined) {
      const isAsked = () => place.asked.slice(asked).some((path) => path.endsWith(`/${half}`));
      for (let tries = 0; !isAsked(); tries++) {
        assert(tries < 300 * PATIENCE, place.asked.slice(asked).join());
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // It alone, not the group: its children are to see that it is gone.
      Deno.kill(child.pid, "SIGKILL");
    }
    const ending = await child.ended;
    if (half !== undefined) Deno.removeSync(mark);
    return ending;
  }
}

function killingAt(name: string): string {
  return `[ "$(cat /kill-at)" != ${name} ] || kill -KILL "$(cat /tower.pid)"\n`;
}

/** Bytes that do not compress, the same ones each time. */
function noise(size: number): Uint8Array {
  const words = new Uint32Array(size / 4);
  for (let i = 0, word = 1; i < words.length; i++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[i] = word;
  }
  return new Uint8Array(words.buffer);
}
