import { TowerError } from "../../errors.ts";
import { inlineText } from "../../tree/content.ts";
import type { Content, EntryBase } from "../../tree/entry.ts";
import { type FileTree, nameOf, parentOf } from "../../tree/file_tree.ts";
import type { ScriptKind } from "../types.ts";

/** A script that waits for the system's first start. */
export interface DeferredScript {
  readonly package: string;
  readonly script: ScriptKind;
  readonly bytes: Uint8Array;
  /** What apk would have given it. */
  readonly args: readonly string[];
}

const DIRECTORY = "usr/lib/tower/first-boot.d";
const SERVICE = "tower-first-boot";

/**
 * OpenRC service that runs what waits, in order, as apk would have: from the root, with nothing
 * but PATH in the environment. A script that succeeds moves to /var/lib/tower/first-boot.done;
 * where it cannot move, an empty file of its name there says that it is done.
 */
const INIT = `#!/sbin/openrc-run
description="Package scripts that wait for the first start"

depend() {
	need localmount
	after bootmisc hostname modules
}

start() {
	local waiting=/usr/lib/tower/first-boot.d finished=/var/lib/tower/first-boot.done
	local script name argument failed=0
	mkdir -p "$finished" || return 1
	for script in "$waiting"/*; do
		name=\${script##*/}
		case $name in *.args) continue ;; esac
		[ -f "$script" ] && [ ! -e "$finished/$name" ] || continue
		set --
		while IFS= read -r argument; do
			set -- "$@" "$argument"
		done <"$script.args"
		ebegin "Running package script $name"
		if (cd / && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$script" "$@"); then
			mv "$script" "$finished/$name" 2>/dev/null || : >"$finished/$name"
			rm -f "$script.args" 2>/dev/null
			eend 0
		else
			eend 1 "It failed and will be tried again at the next start"
			failed=1
		fi
	done
	return $failed
}
`;

/**
 * Puts scripts where the service finds them, and enables it in runlevel `boot`.
 *
 * @throws {TowerError} `unsupported` when the tree has no OpenRC, `conflict` when the service's
 * place is taken.
 */
export function deferToFirstBoot(
  tree: FileTree,
  scripts: readonly DeferredScript[],
  epoch: number,
): void {
  if (scripts.length === 0) return;
  if (!canDefer(tree)) {
    throw new TowerError(
      "unsupported",
      "Cannot defer package scripts to the first boot: the tree has no OpenRC to start them",
    );
  }
  const origin = "stage:packages";
  const base = (path: string, mode: number): EntryBase => {
    const place = claim(tree, path, epoch);
    return { path: place, mode, uid: 0, gid: 0, mtime: epoch, origin };
  };
  const put = (path: string, content: Content, mode: number) =>
    tree.put({ ...base(path, mode), type: "file", content });
  const width = Math.max(2, String(scripts.length).length);
  for (const [i, script] of scripts.entries()) {
    const number = String(i + 1).padStart(width, "0");
    const path = `${DIRECTORY}/${number}-${script.package}.${script.script}`;
    put(path, { kind: "inline", bytes: script.bytes }, 0o755);
    put(`${path}.args`, inlineText(script.args.map((arg) => `${arg}\n`).join("")), 0o644);
  }
  put(`etc/init.d/${SERVICE}`, inlineText(INIT), 0o755);
  const link = base(`etc/runlevels/boot/${SERVICE}`, 0o777);
  tree.put({ ...link, type: "symlink", target: `/etc/init.d/${SERVICE}` });
}

/** Whether the system has OpenRC to start what waits. */
export function canDefer(tree: FileTree): boolean {
  return ["sbin/openrc-run", "usr/sbin/openrc-run"].some((path) => tree.file(path));
}

/** A free place for a path, with directories above it made. */
function claim(tree: FileTree, path: string, mtime: number): string {
  const parent = parentOf(path);
  tree.putParents(path, "stage:packages", mtime);
  const place = `${tree.resolve(parent) ?? parent}/${nameOf(path)}`;
  if (!tree.get(place)) return place;
  throw new TowerError("conflict", `Cannot add "/${path}": something is there already`);
}
