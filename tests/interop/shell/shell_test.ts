import { assertEquals, assertGreater } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { ScriptWorld } from "../../../lib/apk/scripts/script_world.ts";
import { PATH, TreeHost } from "../../../lib/apk/scripts/tree_host.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { NotUnderstood } from "../../../lib/shell/host.ts";
import { runShell } from "../../../lib/shell/run_shell.ts";
import { parseShell, SyntaxFault } from "../../../lib/shell/parser.ts";
import { bytesOf, inlineText } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { freshInstall, runInChroot } from "../../support/apk/alpine_chroot.ts";
import { oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";
import { randomScript } from "../../support/shell/random_scripts.ts";

const missing = oracleMissing() ?? rootMissing();
const SEED = Number(Deno.env.get("TOWER_SEED") ?? 20261126);
const CASES = Number(Deno.env.get("TOWER_SHELL_CASES") ?? 300);
const ARGS = ["one", "two 2"];

/** What a script did: its output, its status, and the files below /w. */
interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly files: readonly string[];
}

/** Files that random scripts find. */
function addFiles(tree: FileTree): void {
  const base = { uid: 0, gid: 0, mtime: 0, origin: "stage:base" as const };
  const put = (path: string, text: string) =>
    tree.put({ ...base, type: "file", path, mode: 0o644, content: inlineText(text) });
  const link = (path: string, target: string) =>
    tree.put({ ...base, type: "symlink", path, mode: 0o777, target });
  for (const path of ["w", "w/d"]) tree.put({ ...base, type: "directory", path, mode: 0o755 });
  put("w/a", "a1\nb2\n");
  put("w/b", "");
  put("w/d/c", "abc");
  put("w/s", "x=s y=$1\n[ -s /w/a ] && return 2\nrm /w/s\n");
  link("w/l", "a");
  link("w/dl", "/w/d");
  link("w/broken", "gone");
}

/** The same in the chroot. */
const MAKE_FILES = "mkdir -p /.w/d; printf 'a1\\nb2\\n' >/.w/a; : >/.w/b; " +
  "printf abc >/.w/d/c; " +
  "printf '%s\\n' 'x=s y=$1' '[ -s /w/a ] && return 2' 'rm /w/s' >/.w/s; " +
  "ln -s a /.w/l; ln -s /w/d /.w/dl; ln -s gone /.w/broken\n";

/** Runs all cases in the chroot, each on fresh files. */
async function really(dir: string, cases: readonly string[]): Promise<Outcome[]> {
  Deno.mkdirSync(join(dir, ".cases"));
  for (const [i, text] of cases.entries()) Deno.writeTextFileSync(join(dir, `.cases/${i}`), text);
  const known = [...Deno.readDirSync(dir)].map(({ name }) => `/${name}`).concat("/w");
  const driver = `#!/bin/sh\n${MAKE_FILES}i=0\n` +
    `while [ $i -lt ${cases.length} ]; do\nrm -rf /w; cp -a /.w /w\n` +
    `for f in /*; do case $f in ${known.join("|")}) ;; *) rm -rf "$f"; esac; done\n` +
    `timeout 5 sh /.cases/$i one 'two 2' </dev/null 2>/dev/null\n` +
    `printf '\\001%s\\n' $?\n` +
    `find /w -exec stat -c '%N %a %F' {} +\nfind /w -type f -exec md5sum {} +\n` +
    `printf '\\002'\ni=$((i+1))\ndone\n`;
  const { out } = await runInChroot(dir, driver, []);
  return out.split("\x02").slice(0, -1).map((text) => {
    const at = text.lastIndexOf("\x01");
    const [status, ...files] = text.slice(at + 1).trimEnd().split("\n");
    return { status: Number(status), out: text.slice(0, at), files: files.sort() };
  });
}

/** What our shell makes of a script, or undefined where it does not understand it. */
function ours(text: string, base: FileTree, reader: ContentReader) {
  const tree = base.clone();
  const around = { tree, reader, epoch: 0, later: new Set<string>(), written: new Set<string>() };
  const world = new ScriptWorld(around, "package:a");
  let out = "";
  try {
    const { status } = runShell(parseShell(text), new TreeHost(world), {
      positional: ARGS,
      variables: { PATH },
      errexit: false,
      out: (piece) => out += piece,
    });
    return { status, out, files: filesOf(tree, reader) };
  } catch (error) {
    if (error instanceof NotUnderstood || error instanceof SyntaxFault) return undefined;
    throw error;
  }
}

function filesOf(tree: FileTree, reader: ContentReader): string[] {
  const lines: string[] = [];
  for (const entry of tree.walk("w")) {
    const mode = entry.mode.toString(8);
    const path = `/${entry.path}`;
    if (entry.type === "symlink") {
      lines.push(`'${path}' -> '${entry.target}' ${mode} symbolic link`);
    } else if (entry.type === "directory") lines.push(`${path} ${mode} directory`);
    else if (entry.type === "file") {
      const bytes = bytesOf(reader, entry.content);
      lines.push(`${path} ${mode} regular ${bytes.length === 0 ? "empty " : ""}file`);
      lines.push(`${createHash("md5").update(bytes).digest("hex")}  ${path}`);
    }
  }
  return lines.flatMap((line) => line.split("\n")).sort();
}

/** Compares our shell with the real one on all cases that it understands. */
async function compare(cases: readonly string[], atLeast: number): Promise<void> {
  using folder = tempFolder();
  const { real, tree } = await freshInstall(folder.path, 0);
  await denoRunner().run({
    argv: ["mknod", "-m666", join(folder.path, "dev/null"), "c", "1", "3"],
  });
  await runInChroot(folder.path, "#!/bin/busybox sh\n/bin/busybox --install -s\n", []);
  for (const { name } of Deno.readDirSync(join(folder.path, "bin"))) linkInto(tree, `bin/${name}`);
  for (const { name } of Deno.readDirSync(join(folder.path, "usr/bin"))) {
    linkInto(tree, `usr/bin/${name}`);
  }
  addFiles(tree);
  const results = await really(folder.path, cases);
  assertEquals(results.length, cases.length);
  let understood = 0;
  const wrong: { text: string; ended: Outcome; wanted: Outcome }[] = [];
  for (const [i, text] of cases.entries()) {
    const done = ours(text, tree, real.store);
    if (done === undefined) continue;
    understood++;
    const { files, ...rest } = results[i]!;
    // The status of a failed command is 1 here; the real program may have another.
    const ended = { status: Math.min(done.status, 1), out: done.out, files: done.files };
    const wanted = { status: Math.min(rest.status, 1), out: rest.out, files };
    if (JSON.stringify(ended) !== JSON.stringify(wanted)) wrong.push({ text, ended, wanted });
  }
  wrong.sort((a, b) => a.text.length - b.text.length);
  for (const { text, ended, wanted } of wrong.slice(0, 1)) {
    assertEquals(ended, wanted, `seed ${SEED}, the shortest of ${wrong.length}:\n${text}`);
  }
  assertGreater(understood, atLeast, `seed ${SEED}: of ${cases.length}`);
}

/** A link to busybox as the real installer has made it. */
function linkInto(tree: FileTree, path: string): void {
  if (tree.get(path)) return;
  const base = { uid: 0, gid: 0, mtime: 0, origin: "stage:base" as const };
  tree.put({ ...base, type: "symlink", path, mode: 0o777, target: "/bin/busybox" });
}

Deno.test({
  name: "what our shell understands, busybox' ash does the same way: random scripts" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    const random = randomNumbers(SEED);
    await compare(Array.from({ length: CASES }, () => randomScript(random)), CASES / 3);
  },
});

/** Pieces of scripts: what the grammar knows, and what must not be taken for something else. */
const PIECES = [
  ..."p |p |p |p |yes|no|no |a|b c| |  |\t|'d e'|\"f\"|''|\"\"|x=y|-S|/a/b.c|@%+,:|2".split("|"),
  ..."\n|\n|\n\n|;|#|# c\n|\\\n|\\|$x|$|`|*|?|[a]|~|!|{|}|(|)|<|>|'|\"|\r|é".split("|"),
  ..." && , || ,&&,||,|,&, 2>/dev/null, >/dev/null 2>&1,>&2, 2>&1,>/dev/null,2>/dev/nul".split(","),
  ..." if yes; then ,fi, do ,done,for x in a b; do , case a in ,a),;;,esac,$(,${x,${x:-,$((".split(
    ",",
  ),
];

Deno.test({
  name: "what our shell understands, busybox' ash does the same way: random characters" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    const random = randomNumbers(SEED + 1);
    const head = "yes() { :; }\nno() { return 1; }\n" +
      `p() { printf p; for i in "$@"; do printf '<%s>' "$i"; done; echo; }\n`;
    const cases = Array.from({ length: 2 * CASES }, () => {
      const length = 1 + random.below(9);
      return `${head}p ${Array.from({ length }, () => random.pick(PIECES)).join("")}`;
    });
    await compare(cases, CASES / 5);
  },
});
