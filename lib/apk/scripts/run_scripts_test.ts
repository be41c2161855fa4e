import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { unpackedPackage } from "../../../tests/support/apk/unpacked_package.ts";
import { TowerError } from "../../errors.ts";
import { inlineText, textOf } from "../../tree/content.ts";
import type { ContentReader, Entry } from "../../tree/entry.ts";
import { FileTree } from "../../tree/file_tree.ts";
import type { PackageEntry } from "../package_entry.ts";
import type { PackageInfo, ScriptKind, UnpackedPackage } from "../types.ts";
import type { ScriptDecision } from "./outcome.ts";
import { runScripts } from "./run_scripts.ts";

const EPOCH = 20000 * 86400;
const BASE = { uid: 0, gid: 0, mtime: 1, origin: "package:base" as const };
const NO_BLOBS: ContentReader = {
  open(blob) {
    throw new TowerError("not-found", `Cannot open "${blob}"`);
  },
};

function treeWith(files: Record<string, string>): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  for (const [path, text] of Object.entries(files)) {
    tree.putParents(path, BASE.origin, 1);
    if (path.endsWith("/")) tree.putParents(`${path}x`, BASE.origin, 1);
    else tree.put({ ...BASE, type: "file", path, mode: 0o644, content: inlineText(text) });
  }
  return tree;
}

function system(files: Record<string, string> = {}): FileTree {
  return treeWith({
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:root\nshadow:x:42:\nnogroup:x:65533:\n",
    "etc/shadow": "root:*::0:::::\n",
    ...files,
  });
}

function pack(
  name: string,
  scripts: Partial<Record<ScriptKind, string>>,
  info: Partial<PackageInfo> = {},
  entries: PackageEntry[] = [],
): UnpackedPackage {
  return unpackedPackage(name, {
    entries,
    info,
    scripts: Object.entries(scripts).map(([kind, text]) => ({
      kind: kind as ScriptKind,
      base64: new TextEncoder().encode(text).toBase64(),
    })),
  });
}

const directory = (path: string) =>
  ({ type: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0 }) as const;

function run(tree: FileTree, packages: UnpackedPackage[], decisions: ScriptDecision[] = []) {
  return runScripts(tree, packages, { decisions, reader: NO_BLOBS, epoch: EPOCH });
}

/** Runs a script body on a system and gives it back. */
function after(body: string, files: Record<string, string> = {}): FileTree {
  const tree = system(files);
  run(tree, [pack("a", { "post-install": `#!/bin/sh\n${body}\n` })]);
  return tree;
}

function refusal(body: string, files: Record<string, string> = {}): string {
  return assertThrows(() => after(body, files), TowerError).message;
}

const text = (tree: FileTree, path: string) => textOf(NO_BLOBS, tree.file(path)!.content);
const mode = (entry: Entry | undefined) => entry && [entry.uid, entry.gid, entry.mode.toString(8)];

Deno.test("users and groups of pre-install scripts get ids in the order of packages", () => {
  const tree = system();
  const script = (name: string) =>
    `#!/bin/sh\n\naddgroup -S ${name} 2>/dev/null\n` +
    `adduser -S -D -H -h /dev/null -s /sbin/nologin -G ${name} -g ${name} ${name} 2>/dev/null\n\nexit 0\n`;
  const outcomes = run(tree, [
    pack("chrony", { "pre-install": script("chrony") }),
    pack("dbus", { "pre-install": script("messagebus") }),
  ]);
  assertEquals(outcomes.map((o) => [o.package, o.script, o.did, o.detail]), [
    ["chrony", "pre-install", "native", "group chrony, user chrony"],
    ["dbus", "pre-install", "native", "group messagebus, user messagebus"],
  ]);
  assertEquals(
    text(tree, "etc/passwd").split("\n").slice(1, 3),
    [
      "chrony:x:100:100:chrony:/dev/null:/sbin/nologin",
      "messagebus:x:101:101:messagebus:/dev/null:/sbin/nologin",
    ],
  );
  assertStringIncludes(text(tree, "etc/group"), "messagebus:x:101:messagebus\n");
  assertStringIncludes(text(tree, "etc/shadow"), "chrony:!:20000:0:99999:7:::\n");
});

Deno.test("a user that exists makes adduser fail, and a script that minds fails with it", () => {
  const add = "adduser -S -D -H root";
  assertEquals(text(after(`${add} 2>/dev/null\nexit 0`), "etc/passwd").split("\n").length, 2);
  assertEquals(text(after(`${add} || true`), "etc/passwd").split("\n").length, 2);
  assertStringIncludes(refusal(add), 'fail at "adduser -S -D -H root: Cannot add user "root"');
  assertStringIncludes(refusal(`set -e\n${add}\nexit 0`), "it would fail");
  assertStringIncludes(refusal(`${add} || exit 1\nexit 0`), "it would fail");
  assertEquals(after(`set -e\n${add} && touch x\nexit 0`).get("x"), undefined);
  assertEquals(after(`false || touch x`).get("x")!.type, "file");
  assertEquals(after("exit 0\ntouch x").get("x"), undefined);
  const settings = { "etc/conf": "trigger=off\n", "etc/empty": "" };
  assertEquals(after("[ -s etc/empty ] || touch x", settings).get("x")!.type, "file");
  const told = after('case "$(. /etc/conf; echo $trigger)" in off) touch x; esac', settings);
  assertEquals(told.get("x")!.type, "file");
});

Deno.test("adduser makes a home of its own with what /etc/skel holds, unless told not to", () => {
  const tree = after("adduser -D ann\naddgroup ann shadow", {
    "home/": "",
    "etc/skel/.profile": "hello",
  });
  assertEquals(mode(tree.get("home/ann")), [1000, 1000, "2755"]);
  assertEquals(mode(tree.get("home/ann/.profile")), [1000, 1000, "644"]);
  assertStringIncludes(text(tree, "etc/group"), "shadow:x:42:ann\n");
  assertStringIncludes(text(tree, "etc/passwd"), "ann:x:1000:1000:Linux User,,,:/home/ann:/bin/sh");
  assertEquals(after("adduser -SDHh /home/b b", { "home/": "" }).get("home/b"), undefined);
});

Deno.test("files change owner and mode as by busybox on Linux", () => {
  const files = { "var/lib/a/f": "", "bin/su": "" };
  const tree = after(
    "chown -R 7:shadow /var/lib/a/\nchmod 2750 var/lib/a\nchmod u+s,go-w bin/su\nchgrp shadow bin/su",
    files,
  );
  assertEquals(mode(tree.get("var/lib/a")), [7, 42, "2750"]);
  assertEquals(mode(tree.get("var/lib/a/f")), [7, 42, "644"]);
  assertEquals(mode(tree.get("bin/su")), [0, 42, "644"], "a new group takes setuid off a file");
  assertEquals(mode(after("chmod +x bin/su", files).get("bin/su")), [0, 0, "755"]);
  assertStringIncludes(refusal("chown nobody bin/su", files), "nobody is unknown");
  assertStringIncludes(refusal("chmod 755 bin/none", files), "/bin/none is missing");
});

Deno.test("directories, files and links are made", () => {
  const tree = after(
    "mkdir -p /var/lib/a/b\nmkdir -m 700 var/x\ninstall -d -m 0750 -o root -g shadow var/log/a\n" +
      "touch var/log/a/log\nln -s /var/log/a var/link\nln -sf other var/link\nln -snf new var/link",
    { "var/": "" },
  );
  assertEquals(mode(tree.get("var/lib/a/b")), [0, 0, "755"]);
  assertEquals(mode(tree.get("var/x")), [0, 0, "700"]);
  assertEquals(mode(tree.get("var/log/a")), [0, 42, "750"]);
  assertEquals(tree.get("var/log/a/log")!.origin, "package:a");
  assertEquals(
    (tree.get("var/log/a/other") as { target?: string }).target,
    "other",
    "ln goes through a link to a directory",
  );
  assertEquals((tree.get("var/link") as { target?: string }).target, "new");
  assertStringIncludes(refusal("mkdir etc"), "/etc exists");
  assertStringIncludes(refusal("mkdir a/b"), "/a is no directory");
  assertStringIncludes(refusal("ln -s x etc/passwd"), "/etc/passwd exists");
});

Deno.test("paths stay inside the tree, whatever links and dots say", () => {
  for (const path of ["../x", "/etc/../../x", "./x", "a//b", "/", "", "etc/.."]) {
    for (const command of ["touch", "mkdir -p", "chmod 777", "chown 0", "ln -s x", "install -d"]) {
      assertStringIncludes(refusal(`${command} '${path}'`), "has no native form");
    }
  }
  const tree = system();
  tree.put({ ...BASE, type: "symlink", path: "out", mode: 0o777, target: "../../.." });
  run(tree, [pack("a", { "post-install": "#!/bin/sh\ntouch out/x\n" })]);
  assertEquals(tree.get("x")!.type, "file", "a link upwards ends at the tree's root");
});

Deno.test("commands and options that are not known leave a script undecided", () => {
  const bodies = [
    "rm -rf /",
    "rc-update add a",
    "chown -L a b",
    "chmod --reference=a b",
    "adduser ann",
    "adduser -S -k /x ann",
    "adduser -S -u 99999 ann",
    "adduser -S 'a:b'",
    "addgroup -S a b c",
    "addgroup -g 1 a b",
    "addgroup --hasOwnProperty a",
    "install -m 644 a b",
    "ln a b",
    "touch -d 1 a",
    "exit a",
    "exec true\ntrue",
    "exit $?x",
    "f() { rc-update add a; }; f",
    "if true; then ./x; fi",
    "for i in 1 2; do frobnicate $i; done",
    "echo $HOME >/etc/x",
    "[ -e /proc/cpuinfo ]",
    "cd /etc",
    "touch $(date)",
    "while true; do :; done",
    "f() { f; }; f",
    "touch 'a\nb'",
    "touch new/",
    "chown 3 /etc/group/",
    "mkdir -m 2755 d; touch d/f",
    "set() { :; }",
    "echo x >/etc/x; cat /etc/none; [ $? -eq 1 ]",
    "ln -s 'a\nb' /etc",
    "echo x >/etc/group; addgroup a",
    "set -x",
    "constructor",
    "./true",
    "/opt/bin/true",
    "ln -s 'x\ny' etc",
    "[ -s etc ]",
    ". /etc/none",
  ];
  for (const body of bodies) assertEquals(refusal(body).includes("no native handler"), true, body);
});

Deno.test("all undecided scripts are listed with the lines for the manifest", () => {
  const error = assertThrows(
    () =>
      run(system(), [
        pack("a", { "post-install": "#!/bin/sh\nrc-update add a\n" }),
        pack("b", { "pre-install": "#!/usr/bin/lua\n", "post-upgrade": "#!/bin/sh\nrm x\n" }),
      ]),
    TowerError,
  );
  assertEquals(error.code, "unsupported");
  assertEquals(
    error.message,
    "Cannot run 2 package scripts: there is no native handler\n" +
      '  a post-install: "rc-update add a" has no native form\n' +
      "  b pre-install: it is no script of /bin/sh",
  );
  assertStringIncludes(
    error.hint!,
    'scripts:\n  - { package: a, script: post-install, do: skip, reason: "..." }\n  - { package: b',
  );
});

Deno.test("a decision beats a handler; one without its script is an error", () => {
  const tree = system();
  const script = { "post-install": "#!/bin/sh\ntouch x\n", "post-upgrade": "#!/bin/sh\n" };
  const decide = (script: ScriptKind, name = "a"): ScriptDecision => ({
    package: name,
    script,
    do: "skip",
    reason: "we know",
  });
  const [outcome] = run(tree, [pack("a", script)], [decide("post-install")]);
  assertEquals([outcome!.did, outcome!.detail], ["skipped", "we know"]);
  assertEquals(tree.get("x"), undefined);
  for (const decision of [decide("post-upgrade"), decide("trigger"), decide("post-install", "b")]) {
    const error = assertThrows(() => run(tree, [pack("a", script)], [decision]), TowerError);
    assertEquals(error.code, "not-found");
  }
});

Deno.test("first-boot scripts wait in order with their arguments, and OpenRC starts them", () => {
  const tree = system({ "sbin/openrc-run": "" });
  const script = "#!/bin/sh\nmake-something $1\n";
  const first = (name: string, kind: ScriptKind): ScriptDecision => ({
    package: name,
    script: kind,
    do: "first-boot",
    reason: "needs the machine",
  });
  const outcomes = run(tree, [
    pack("a", { trigger: script }, { triggers: ["/usr/*"] }, [
      directory("usr"),
      directory("usr/b"),
    ]),
    pack("b", { "post-install": script }),
  ], [first("a", "trigger"), first("b", "post-install")]);
  assertEquals(outcomes.map((o) => o.did), ["first-boot", "first-boot"]);
  const waiting = "usr/lib/tower/first-boot.d";
  assertEquals(tree.children(waiting).map((e) => [e.path.slice(waiting.length + 1), e.mode]), [
    ["01-b.post-install", 0o755],
    ["01-b.post-install.args", 0o644],
    ["02-a.trigger", 0o755],
    ["02-a.trigger.args", 0o644],
  ]);
  assertEquals(text(tree, `${waiting}/01-b.post-install`), script);
  assertEquals(text(tree, `${waiting}/01-b.post-install.args`), "1.0-r0\n");
  assertEquals(text(tree, `${waiting}/02-a.trigger.args`), "/usr/b\n");
  assertEquals(mode(tree.get("etc/init.d/tower-first-boot")), [0, 0, "755"]);
  assertEquals(
    (tree.get("etc/runlevels/boot/tower-first-boot") as { target?: string }).target,
    "/etc/init.d/tower-first-boot",
  );
});

Deno.test("first-boot needs OpenRC, and leaves no service where nothing waits", () => {
  const script = { "post-install": "#!/bin/sh\nx\n" };
  const decision = [{
    package: "a",
    script: "post-install",
    do: "first-boot",
    reason: "r",
  }] as const;
  const error = assertThrows(() => run(system(), [pack("a", script)], [...decision]), TowerError);
  assertStringIncludes(error.message, "the tree has no OpenRC");
  const tree = system({ "sbin/openrc-run": "" });
  run(tree, [pack("a", {})]);
  assertEquals(tree.get("etc/init.d"), undefined);
});

Deno.test("triggers run for the directories they match, or not at all", () => {
  const packages = (glob: string) => [
    pack("a", { trigger: "#!/bin/sh\ntouch fired\n" }, { triggers: [glob] }),
    pack("b", {}, {}, [directory("usr"), directory("usr/x")]),
  ];
  const tree = system();
  assertEquals(run(tree, packages("/lib/*"))[0]!.did, "not-triggered");
  assertEquals(tree.get("fired"), undefined);
  assertEquals(run(tree, packages("/usr/*"))[0]!.did, "native");
  assertEquals(tree.get("fired")!.type, "file");
});

Deno.test("scripts of packages that apk never opens are recorded, not run", () => {
  const tree = system();
  const [outcome] = run(tree, [
    pack("a", { "post-install": "#!/bin/sh\ntouch x\n" }, { installedSize: 0 }),
  ]);
  assertEquals([outcome!.did, tree.get("x")], ["never-run", undefined]);
});

Deno.test("busybox links its applets where nothing is, and asks for a list it can read", () => {
  const files = {
    "bin/busybox": "",
    "bin/ls": "",
    "usr/bin/": "",
    "etc/busybox-paths.d/busybox": "bin/ls\nbin/cat\nusr/bin/[\nusr/sbin/chroot\n",
  };
  const body = '/bin/busybox mkdir -p "/bin" "/sbin"\n/bin/busybox --install -s || exit 1\nexit 0';
  const tree = after(body, files);
  assertEquals(tree.get("bin/ls")!.type, "file");
  assertEquals((tree.get("bin/cat") as { target?: string }).target, "/bin/busybox");
  assertEquals(tree.get("usr/bin/[")!.type, "symlink");
  assertEquals(tree.get("usr/sbin"), undefined);
  for (const list of ["../etc/passwd\n", "/bin/x\n"]) {
    const hostile = { ...files, "etc/busybox-paths.d/busybox": list };
    assertStringIncludes(refusal(body, hostile), "has no list of applets");
  }
  assertStringIncludes(refusal(body), "busybox is missing");
  assertStringIncludes(refusal(body, { "bin/busybox": "" }), "has no list of applets");
});
