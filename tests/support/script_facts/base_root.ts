import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { smallTree } from "../tree/small_tree.ts";
import type { ScriptFact } from "./script_fact.ts";

/** Accounts that scripts of packages look for: those with numbers of their own in Alpine. */
export const PASSWD = "root:x:0:0:root:/root:/bin/sh\nlp:x:4:7:lp:/var/spool/lpd:/sbin/nologin\n";
export const GROUP = "root:x:0:root\nlp:x:7:lp\naudio:x:18:\nnetdev:x:28:\nshadow:x:42:\n" +
  "www-data:x:82:\nusers:x:100:\nutmp:x:406:\nnogroup:x:65533:\n";

/** As much of a fresh Alpine root as scripts of packages look at. */
const ROOT = {
  "bin/bbsuid": "\x7fELF\0/bin/busybox\0/bin/bbsuid\0/bin/su\0/usr/bin/passwd\0",
  "bin/busybox": "",
  "etc/busybox-paths.d/busybox": "bin/cat\nsbin/depmod\nusr/bin/env\nusr/sbin/chroot\n",
  "etc/group": GROUP,
  "etc/passwd": PASSWD,
  "etc/shadow": "root:*::0:::::\nlp:!::0:::::\n",
  "etc/skel": null,
  "sbin/depmod": { link: "/bin/busybox" },
  "usr/bin/.keep": "",
  "usr/sbin/.keep": "",
  "var/cache": null,
  "var/lib": null,
  "var/log": null,
};

/** The root that a fact's script finds. */
export function rootOf({ given }: ScriptFact): FileTree {
  return smallTree({ ...ROOT, ...given });
}
