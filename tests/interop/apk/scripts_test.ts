import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readAccounts, writeAccounts } from "../../../lib/accounts/account_files.ts";
import {
  addGroup,
  addToGroup,
  addUser,
  lock,
  setPassword,
} from "../../../lib/accounts/accounts.ts";
import type { Accounts } from "../../../lib/accounts/files.ts";
import { runScripts } from "../../../lib/apk/scripts/run_scripts.ts";
import { scriptOf } from "../../../lib/apk/scripts/scripts_archive.ts";
import { directoriesOf, triggeredBy } from "../../../lib/apk/scripts/triggers.ts";
import type { ScriptKind, UnpackedPackage } from "../../../lib/apk/types.ts";
import { textOf } from "../../../lib/tree/content.ts";
import { freshInstall as freshInstallAt, runInChroot } from "../../support/apk/alpine_chroot.ts";
import { oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import {
  differences,
  listDisk,
  listTree,
  putOnDisk,
  rootMissing,
} from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { realPackages } from "../../support/apk/real_packages.ts";

const missing = oracleMissing() ?? rootMissing();
const options = { ignore: missing !== undefined };
const skipped = missing ? ` (skipped: ${missing})` : "";
const now = () => Math.floor(Date.now() / 1000);

const freshInstall = (dir: string) => freshInstallAt(dir, now());
const chroot = async (dir: string, script: Uint8Array | string, args: readonly string[]) =>
  (await runInChroot(dir, script, args)).status;

function withScript(text: string): UnpackedPackage {
  const real = realPackages(oracleData()!, "x86_64").packages[0]!;
  const base64 = new TextEncoder().encode(text).toBase64();
  return { ...real, scripts: [{ kind: "post-install", base64 }] };
}

/** A listing without busybox' backups of account files, and without a file that stands for a device. */
function withoutTraces(list: Map<string, string>): Map<string, string> {
  for (const path of ["etc/passwd-", "etc/group-", "etc/shadow-", "dev/null"]) list.delete(path);
  return list;
}

Deno.test({
  ...options,
  name: `scripts of a real Alpine root leave the same files as in a chroot${skipped}`,
  async fn() {
    using folder = tempFolder();
    const { real, tree } = await freshInstall(folder.path);
    const outcomes = runScripts(tree, real.packages, {
      decisions: [],
      reader: real.store,
      epoch: now(),
    });
    const directories = directoriesOf(real.packages);
    const call = async (unpacked: UnpackedPackage, kind: ScriptKind, args: readonly string[]) => {
      const script = scriptOf(unpacked, kind);
      if (script) assertEquals(await chroot(folder.path, script, args), 0, kind);
    };
    for (const unpacked of real.packages) {
      for (const kind of ["pre-install", "post-install"] as const) {
        await call(unpacked, kind, [unpacked.info.version]);
      }
    }
    for (const unpacked of real.packages) {
      const matched = triggeredBy(unpacked.info.triggers, directories);
      if (matched.length > 0) await call(unpacked, "trigger", matched);
    }
    assertEquals(outcomes.map((o) => `${o.package} ${o.script} ${o.did}`), [
      "busybox post-install native",
      "alpine-baselayout pre-install native",
      "alpine-baselayout post-install native",
      "busybox trigger native",
    ]);
    const disk = withoutTraces(listDisk(folder.path));
    assertEquals(differences(listTree(tree, real.store), disk), []);
  },
});

const BODIES: readonly [string, string][] = [
  ["system accounts", "addgroup -S a\nadduser -S -D -H -h /dev/null -s /sbin/nologin -G a -g a a"],
  ["arguments before options", "addgroup -S b\nadduser -S -H -h /x -s /bin/false -D b -G b"],
  ["a normal group for a system user", "addgroup nginx\nadduser -SDH -G nginx nginx\nexit 0"],
  ["defaults of a system user", "adduser -S plain"],
  ["defaults of a normal user", "adduser -D ann\nadduser -D bob"],
  ["given ids", "addgroup -g 777 g\naddgroup -S -g 42 taken\nadduser -D -u 1234 u\nexit 0"],
  ["members", "adduser -D ann\naddgroup ann wheel\naddgroup ann audio\nadduser ann wheel\nexit 0"],
  ["names in use", "adduser -S root\naddgroup root\naddgroup nobody nosuch\nexit 0"],
  ["long options", "addgroup --system l\nadduser --system --no-create-home --ingroup=l l"],
  ["a home that is there", "mkdir -p /srv/h\nadduser -D -h /srv/h homer"],
  ["a home without its parent", "adduser -D -h /no/where lost\nexit 0"],
  [
    "owners",
    "mkdir -p /srv/o/d\ntouch /srv/o/f\nln -s f /srv/o/l\nchown -R 5:shadow /srv/o\nchown 6 /srv/o/l",
  ],
  ["owner of a link", "touch /srv/f\nln -s f /srv/l\nchown -h 7:7 /srv/l"],
  ["setuid and a new owner", "touch /srv/s\nchmod 6755 /srv/s\nchown 1:1 /srv/s"],
  ["setgid without group execute", "touch /srv/s\nchmod 2644 /srv/s\nchgrp 1 /srv/s"],
  [
    "modes",
    "mkdir /srv/m\nchmod 2750 /srv/m\nchmod 755 /srv/m\ntouch /srv/m/f\n" +
    "chmod u+s,g-r,o-r /srv/m/f\nchmod +xt /srv/m\nchmod -R a+r /srv/m\nchmod g+w,o+t /srv/m",
  ],
  ["modes without a who", "touch /srv/w\nchmod 000 /srv/w\nchmod +rwx /srv/w"],
  ["directories", "mkdir -p -m 700 /srv/p/q/r\nmkdir -p /srv/p/q\nmkdir -m 1777 /srv/t"],
  ["install", "install -d -m 0750 -o bin -g shadow /srv/i/j\ninstall -dm 700 /srv/i"],
  [
    "account files that are read and written",
    "addgroup -S one\ngrep -q '^one:' /etc/group || exit 1\n" +
    "echo two:x:777: >>/etc/group\naddgroup root two\nadduser -S -D -H -G two three\n" +
    "grep two /etc/group >/srv/groups\ncat /etc/passwd | grep three >/srv/users",
  ],
  ["links", "ln -s /a /srv/l\nln -sf /b /srv/l\nln -s x /srv\nln -snf y /srv/l\nln -s /c /srv/l"],
  [
    "loops, conditions and functions",
    "for n in b a; do\n  if [ ! -e /srv/$n ]; then touch /srv/$n; fi\ndone\n" +
    'own() { local who=$1; shift; chown $who:$who "$@"; }\nown bin /srv/a /srv/b\n' +
    "for f in /srv/*; do case $f in */a) rm $f;; *) chmod 600 $f; esac; done",
  ],
  [
    "what files hold",
    "echo one >/srv/f\ncat >>/srv/f <<-EOF\n\ttwo $(echo three)\n\tEOF\n" +
    "if grep -q '^two' /srv/f && ! grep -q four /srv/f; then mv /srv/f /srv/g; fi\n" +
    'x=$(cat /srv/g | grep three)\nmkdir -p "/srv/${x% *}" /srv/${x#* }\nrmdir /srv/three',
  ],
  [
    "links are read",
    "ln -s /srv/x/../b /srv/a\ntouch /srv/b\nmkdir /srv/x\n[ -L /srv/a ] && chmod 640 /srv/a\n" +
    'touch "$(readlink -f /srv/a)$(readlink /srv/none || echo .none)"\n' +
    'touch "/srv/$(basename "$(readlink /srv/a)")2"',
  ],
  ["failure and success", "false && touch /srv/1 || touch /srv/2\ntrue || touch /srv/3\nexit 0"],
];

for (const [title, body] of BODIES) {
  const text = `#!/bin/sh\n${body}\n`;
  Deno.test({
    ...options,
    name: `native commands do what busybox does: ${title}${skipped}`,
    async fn() {
      using folder = tempFolder();
      const { real, tree } = await freshInstall(folder.path);
      await chroot(folder.path, "#!/bin/busybox sh\n/bin/busybox --install -s\n", []);
      const status = await chroot(folder.path, text, ["1"]);
      const run = () =>
        runScripts(tree, [withScript(text)], {
          decisions: [],
          reader: real.store,
          epoch: now(),
        });
      let failed = false;
      try {
        run();
      } catch (error) {
        if (!String(error).includes("it would fail at")) throw error;
        failed = true;
      }
      assertEquals(failed, status !== 0, `the real script ends with ${status}`);
      if (failed) return;
      const disk = withoutTraces(listDisk(folder.path));
      for (const [path, entry] of disk) {
        if (entry.endsWith(" /bin/busybox") && !tree.get(path)) disk.delete(path);
      }
      assertEquals(differences(listTree(tree, real.store), disk), []);
    },
  });
}

Deno.test({
  ...options,
  name: `accounts change as by busybox' adduser, addgroup and passwd -l${skipped}`,
  async fn() {
    using folder = tempFolder();
    const { real, tree } = await freshInstall(folder.path);
    await chroot(folder.path, "#!/bin/busybox sh\n/bin/busybox --install -s\n", []);
    const hash = "$6$abc$defghijk";
    const commands = "addgroup -S one\naddgroup two\nadduser -D -g '' -h /h -s /bin/sh -H ann\n" +
      `addgroup ann one\necho 'ann:${hash}' | chpasswd -e\npasswd -l ann\n`;
    assertEquals(await chroot(folder.path, `#!/bin/sh\n${commands}`, []), 0);
    const before = readAccounts(tree, real.store);
    const epoch = now();
    let after: Accounts = addGroup(before, { name: "one", system: true });
    after = addGroup(after, { name: "two", system: false });
    const ann = { name: "ann", system: false, gecos: "", home: "/h", shell: "/bin/sh", epoch };
    after = addToGroup(addUser(after, ann), "ann", "one");
    after = lock(setPassword(after, "ann", hash, epoch), "ann", epoch);
    writeAccounts(tree, before, after, { origin: "stage:accounts", mtime: epoch });
    for (const path of ["etc/passwd", "etc/group", "etc/shadow"]) {
      const ours = textOf(real.store, tree.file(path)!.content);
      assertEquals(ours, Deno.readTextFileSync(join(folder.path, path)), path);
    }
  },
});

Deno.test({
  ...options,
  name:
    `the first-boot service runs what waits in order, once, and tries again what fails${skipped}`,
  async fn() {
    using folder = tempFolder();
    const { real, tree } = await freshInstall(folder.path);
    await chroot(folder.path, "#!/bin/busybox sh\n/bin/busybox --install -s\n", []);
    const script = (name: string) =>
      `#!/bin/sh\necho "${name} $# $1 $PATH $HOME $(pwd)" >>/log\n[ ! -e /fail-${name} ]\n`;
    const waiting = ["one", "two"].map((name) => {
      const { info, ...rest } = withScript(script(name));
      return { ...rest, info: { ...info, name } };
    });
    const openrc = { ...tree.get("bin/busybox")!, path: "sbin/openrc-run" };
    tree.put(openrc);
    runScripts(tree, waiting, {
      decisions: waiting.map(({ info: { name } }) => ({
        package: name,
        script: "post-install",
        do: "first-boot",
        reason: "a test",
      })),
      reader: real.store,
      epoch: now(),
    });
    tree.remove("dev/null");
    await putOnDisk(tree, real.store, folder.path);
    const service = Deno.readTextFileSync(join(folder.path, "etc/init.d/tower-first-boot"));
    const functions = "ebegin() { :; }\neend() { return $1; }\n";
    const start = `#!/bin/sh\n${functions}${service}\nstart\n`;
    const log = () => Deno.readTextFileSync(join(folder.path, "log"));
    Deno.writeTextFileSync(join(folder.path, "fail-one"), "");
    assertEquals(await chroot(folder.path, start, []), 1);
    const line = (name: string) =>
      `${name} 1 ${waiting[0]!.info.version} /usr/sbin:/usr/bin:/sbin:/bin  /\n`;
    assertEquals(log(), line("one") + line("two"));
    Deno.removeSync(join(folder.path, "fail-one"));
    assertEquals(await chroot(folder.path, start, []), 0);
    assertEquals(log(), line("one") + line("two") + line("one"));
    assertEquals(await chroot(folder.path, start, []), 0);
    assertEquals(log().split("\n").length, 4, "all is done");
    const names = (path: string) => [...listDisk(join(folder.path, path)).keys()].sort();
    assertEquals(names("usr/lib/tower/first-boot.d"), []);
    assertEquals(names("var/lib/tower/first-boot.done"), [
      "01-one.post-install",
      "02-two.post-install",
    ]);
  },
});
