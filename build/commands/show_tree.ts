import type { Env } from "../../lib/env.ts";
import type { Entry } from "../../lib/tree/entry.ts";
import { sizeOf } from "../../lib/tree/entry.ts";
import { printable } from "../../lib/errors.ts";
import { ROOT_TREE } from "../../lib/schema/of_tree.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `show-tree`: every entry of the system's tree and where it comes from. */
export function showTreeCommand(env: Env) {
  return systemCommand(
    "show-tree",
    "List path, mode, uid, gid, size and origin of every entry of the system.",
  ).option("--tree <name>", "another of the manifest's trees", ROOT_TREE).action(
    async (system, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { buildTree } = await import("../pipeline.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const tree = await buildTree(request, options.tree, engine);
      for (const entry of tree.walk()) {
        env.stdout.write((options.json ? JSON.stringify(asJson(entry)) : asLine(entry)) + "\n");
      }
    },
  );
}

const LETTERS = {
  file: "-",
  directory: "d",
  symlink: "l",
  hardlink: "h",
  char: "c",
  block: "b",
  fifo: "p",
} as const;

function asLine(entry: Entry): string {
  const mode = LETTERS[entry.type] + entry.mode.toString(8).padStart(4, "0");
  const size = entry.type === "file"
    ? String(sizeOf(entry.content))
    : "major" in entry
    ? `${entry.major},${entry.minor}`
    : "-";
  const target = "target" in entry ? ` -> ${entry.target}` : "";
  return printable(
    `${mode} ${entry.uid} ${entry.gid} ${size} ${entry.origin} /${entry.path}${target}`,
  );
}

function asJson(entry: Entry): unknown {
  const { path, type, mode, uid, gid, mtime, origin } = entry;
  return {
    path: `/${path}`,
    type,
    mode: mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    mtime,
    origin,
    ...(entry.type === "file" ? { size: sizeOf(entry.content) } : {}),
    ...("target" in entry ? { target: entry.target } : {}),
    ...("major" in entry ? { major: entry.major, minor: entry.minor } : {}),
    ...(entry.xattrs
      ? { xattrs: Object.fromEntries([...entry.xattrs].map(([n, v]) => [n, v.toBase64()])) }
      : {}),
  };
}
