import { createHash } from "node:crypto";
import type { ScriptKind } from "../types.ts";
import { installLinks, linkingState } from "./busybox_links.ts";
import { chown } from "./file_commands.ts";
import type { ScriptOutcome } from "./outcome.ts";
import { CommandFailure, type ScriptWorld } from "./script_world.ts";

/** Does what a known script does, with its arguments. @throws {CommandFailure} where it cannot. */
export type KnownScript = (
  world: ScriptWorld,
  args: readonly string[],
) => Pick<ScriptOutcome, "did" | "detail">;

/**
 * Scripts that are more than simple commands, by package, kind and digest of the normalised
 * text. Any other text of the same package is another script, and unknown.
 */
const KNOWN: readonly {
  readonly package: string;
  readonly kind: ScriptKind;
  readonly digest: string;
  readonly run: KnownScript;
}[] = [
  { // busybox 1.36.1-r29 of Alpine 3.20
    package: "busybox",
    kind: "trigger",
    digest: "994248e71ff6ccf13b1529faf08174b460755ae210dd70e5c9785c2142f99d86",
    run: busyboxTrigger,
  },
  { // aports 13f7afcb44ab, before bbsuid and busybox-extras were linked by the trigger
    package: "busybox",
    kind: "trigger",
    digest: "86735ed90ecfea760cdcc1ec80e5fcb1d19bbb75d0002a8f1e8b8d59ea00140d",
    run: plainBusyboxTrigger,
  },
  { // alpine-baselayout 3.6.5-r0 of Alpine 3.20
    package: "alpine-baselayout",
    kind: "post-install",
    digest: "b54845667630d44dc7148593387a4a9a32041d451434ce7292cf5f67d6bdf9d8",
    run: baselayoutPostInstall,
  },
  { // aports 17e6c9aa44dc
    package: "alpine-baselayout",
    kind: "post-install",
    digest: "6191d0c987accd500cfd32bff76a5fc9bb854d93c138103fe407d1967d8e5ca1",
    run: baselayoutPostInstall,
  },
  { // aports 1997195d08a4
    package: "kmod",
    kind: "trigger",
    digest: "d87290cca1053cc1d85479780711cd06904bb9e51582a4d9856b3323bf47dc26",
    run: kmodTrigger,
  },
  { // what `deno task lab` makes
    package: "kmod",
    kind: "trigger",
    digest: "4ccc87686d2c7c629c92f0c1c7b0795db77eb31c88eeed1a762ff568f70b9c02",
    run: modulesOutcome,
  },
  { // aports 821b1a3780fd
    package: "openrc",
    kind: "post-install",
    digest: "7b4524c453f841176474296e0813408fadb80d21c7fd56d42d5586608bc0d1a1",
    run: openrcPostInstall,
  },
];

/** The handler of a script that is known as a whole. */
export function knownScript(
  packageName: string,
  kind: ScriptKind,
  text: string,
): KnownScript | undefined {
  const candidates = KNOWN.filter((k) => k.package === packageName && k.kind === kind);
  if (candidates.length === 0) return undefined;
  const digest = normalisedDigest(text);
  return candidates.find((k) => k.digest === digest)?.run;
}

/** SHA-256 over the lines that do something: no comments, no blank lines, no indentation. */
export function normalisedDigest(text: string): string {
  const lines = text.split("\n").map((l) => l.trim()).filter((l) => l !== "" && !l.startsWith("#"));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

/** Links for what is installed; module indexes only where no other depmod does them. */
function busyboxTrigger(world: ScriptWorld, args: readonly string[]) {
  if (args.some((path) => !path.startsWith("/lib/modules/"))) {
    for (const program of ["bbsuid", "busybox-extras"] as const) {
      if (linkingState(world, program) !== "absent") installLinks(program)(world);
    }
  }
  return plainBusyboxTrigger(world, args);
}

function plainBusyboxTrigger(world: ScriptWorld, args: readonly string[]) {
  const modules = args.filter((path) => path.startsWith("/lib/modules/"));
  if (modules.length < args.length) installLinks("busybox")(world);
  return modulesOutcome(world, modules);
}

function kmodTrigger(world: ScriptWorld, args: readonly string[]) {
  for (const path of args) {
    if (world.find(`${path.slice(1)}/modules.order`)) continue;
    // The script cleans up after a kernel that is gone, which a fresh install never meets.
    throw new CommandFailure(`${path} has no modules.order`);
  }
  return modulesOutcome(world, args);
}

function modulesOutcome(world: ScriptWorld, modules: readonly string[]) {
  const links = [...world.notes].join(", ");
  if (modules.length === 0) return { did: "native", detail: links } as const;
  const left = `module indexes of ${modules.join(", ")} are left to the kernel stage`;
  return { did: "depmod", detail: links === "" ? left : `${links}; ${left}` } as const;
}

function baselayoutPostInstall(world: ScriptWorld) {
  const prompt = world.tree.get("etc/profile.d/color_prompt.sh");
  if (prompt?.type === "symlink" && prompt.target === "color_prompt") {
    world.tree.put({ ...prompt, target: "color_prompt.sh.disabled", mtime: world.epoch });
  }
  for (const path of ["etc/shadow", "etc/shadow-"]) {
    if (world.find(path)) chown(["root:shadow", path])?.(world);
  }
  return { did: "native", detail: [...world.notes].join(", ") || "nothing to do" } as const;
}

/** The script moves services out of a boot order that OpenRC replaced in 2010. */
function openrcPostInstall(world: ScriptWorld) {
  for (const path of ["etc/rcS.d", "etc/rcL.d"]) {
    if (world.find(path)?.type === "directory") throw new CommandFailure(`/${path} exists`);
  }
  return { did: "native", detail: "nothing to do" } as const;
}
