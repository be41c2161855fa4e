import { join } from "@std/path";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { layRoot, type PackageTower } from "./package_tower.ts";
import { TowerProgram } from "./tower_program.ts";

/** Who uses the thin client, and what happens there. */
export interface OwnUser {
  /** 0 by default. */
  readonly uid?: number;
  /** Whether doas makes a program root's without a question. */
  readonly hasDoas?: boolean;
  /** What is typed at a terminal; without it there is none. */
  readonly answers?: readonly string[];
  /** Called before apk adds packages. @param argv of apk */
  readonly onApk?: (argv: readonly string[]) => Promise<void>;
}

/**
 * The thin client of a tower as a machine with an Alpine of its own: its apk, shell and doas run in a
 * root that is made of Alpine's smallest, in this machine's own network.
 */
export class OwnAlpine {
  private constructor(
    private readonly place: PackageTower,
    readonly root: string,
    /** A folder for PATH, for `tower` as a program of its own; `apk` waits in it. */
    readonly programs: string,
  ) {}

  static async create(runner: Runner, data: string, place: PackageTower): Promise<OwnAlpine> {
    const root = join(place.repository, "../root-thinclient");
    await layRoot(runner, data, root);
    Deno.writeTextFileSync(join(root, "usr/bin/doas"), QUIET_DOAS, { mode: 0o755 });
    const programs = join(place.repository, "../own-programs");
    Deno.mkdirSync(programs);
    const write = (name: string, text: string) =>
      Deno.writeTextFileSync(join(programs, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
    write("ssh", `exec '${place.programs}/ssh' "$@"\n`);
    write("sh", shellScript(root));
    write("apk", apkScript(root, programs));
    await runner.run({ argv: ["mkfifo", join(programs, "go")] });
    return new OwnAlpine(place, root, programs);
  }

  /** Runs `tower` on it. */
  async run(user: OwnUser, ...words: string[]) {
    const { env } = this.place.tower;
    using tower = new TowerProgram({
      runner: this.#inRoot(env.runner, user),
      home: env.home,
      answers: user.answers ?? [],
      isTerminal: user.answers !== undefined,
    });
    return await tower.run(...words);
  }

  world(): string {
    return this.text("etc/apk/world");
  }

  text(path: string): string {
    return Deno.readTextFileSync(join(this.root, path));
  }

  /** A file that `tower` keeps of it; undefined where there is none. */
  kept(file: string): string | undefined {
    try {
      return Deno.readTextFileSync(join(this.place.tower.folder, "thinclient", file));
    } catch {
      return undefined;
    }
  }

  #inRoot(runner: Runner, { uid = 0, hasDoas = false, onApk }: OwnUser): Runner {
    const placed = (command: Command): Command => {
      const [program, ...rest] = command.argv;
      const paths: Record<string, string> = {
        sh: "/bin/sh",
        apk: "/sbin/apk",
        doas: "/usr/bin/doas",
      };
      const path = paths[program];
      if (path !== undefined) return { ...command, argv: ["chroot", this.root, path, ...rest] };
      return program === "id" ? { ...command, argv: ["echo", String(uid)] } : command;
    };
    const without = ["sudo", ...hasDoas ? [] : ["doas"]];
    return {
      which: (program) => without.includes(program) ? undefined : runner.which(program) ?? program,
      async run(command, options) {
        if (command.argv.includes("add")) await onApk?.(command.argv);
        return await runner.run(placed(command), options);
      },
      spawn: (command, options) => runner.spawn(placed(command), options),
    };
  }
}

/** As a user's who is never asked: `-n` must stand before the program. */
const QUIET_DOAS = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$1" = -n ] && shift && exec "$@"
exit 1
`;

/** What is asked of the machine runs in its root, what else is a script of ours here. */
function shellScript(root: string): string {
  return `case "$1 $3" in "-s "* | "-c tower-"*) exec chroot '${root}' /bin/sh "$@" ;; esac
exec /bin/sh "$@"
`;
}

/** What adds tells that it began, and waits until it is let; how it ended is told as well. */
function apkScript(root: string, folder: string): string {
  return `[ "$1" = add ] || exec chroot '${root}' /sbin/apk "$@"
printf '%s\\n' "$*" >'${folder}/began'
read -r _ <'${folder}/go'
chroot '${root}' /sbin/apk "$@"
echo "$?" >'${folder}/ended'
exit "$(cat '${folder}/ended')"
`;
}
