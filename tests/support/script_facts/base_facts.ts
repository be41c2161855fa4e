import { fact, type ScriptFact, sh } from "./script_fact.ts";

/** Scripts of what every system has: its layout, busybox and OpenRC. */

const BUSYBOX_LINKS = "3 links to /bin/busybox";
const LEFT = "are left to the kernel stage";

const openrc = (folder: string) =>
  sh(
    "enable() {",
    `  mkdir -p ${folder}/$2 && ln -sf /etc/init.d/$1 ${folder}/$2`,
    "}",
    "if [ -d etc/rcS.d ] || [ -d etc/rcL.d ]; then",
    "  for old in etc/rcS.d/* etc/rcL.d/*; do",
    '    if [ -L "$old" ]; then',
    "      name=${old##*/S[0-9][0-9]}",
    '      if [ "$name" = bootmisc.sh ]; then name=bootmisc; fi',
    "      case $name in",
    "      klogd | syslog) enable $name sysinit ;;",
    "      hostname | hwclock | bootmisc) enable $name boot ;;",
    "      *) enable $name default ;;",
    "      esac",
    '      rm "$old"',
    "    fi",
    "  done",
    "fi",
  );

export const BASE_FACTS: readonly ScriptFact[] = [
  fact({
    package: "alpine-baselayout",
    script: "pre-install",
    texts: ["69c34d2b69814af28a369875cd657d726dec9e9c566ba3646fcc56f60c40531a"],
    does: "Makes the group shadow where there is one, which fails on a root with accounts.",
    did: "undecided",
    says: "addgroup",
    own: [
      sh(
        "grep -q ^shadow: /etc/group || exit 0",
        "test -e /etc/shadow && addgroup -g 42 -S shadow",
      ),
    ],
  }),
  fact({
    package: "alpine-baselayout",
    script: "post-install",
    texts: ["0c5c2575e764207c0858ba07fc0e82d09c10a2a43eebe542a5a6df6437ec2895"],
    does: "Keeps the passwords from all but root and the group shadow, and serves old guests.",
    did: "native",
    says: "owner of /etc/shadow, mode of /etc/shadow",
    own: [
      sh("chmod 0640 etc/shadow", "chown root:shadow etc/shadow"),
      sh(
        'if test -x /sbin/rc && test "$(/sbin/rc --sys)" = VSERVER; then',
        "  printf '%s\\n' 'exec /sbin/rc default' >/etc/init.d/rcL",
        "fi",
        "chown root /etc/shadow && chgrp shadow /etc/shadow && chmod u-x,g-wx,o-rwx /etc/shadow",
      ),
    ],
  }),
  fact({
    package: "alpine-baselayout",
    script: "post-install",
    texts: [
      "dd30b63bfbe4f7d8085f57840e15b84015b3518d6f282a3e0924f73a61000016",
      "6ad29694916934201ad370f7fc86cab25e2ba301e7aae907a6356e31cdafec85",
    ],
    does: "Gives the passwords to the group shadow, and follows a file that was renamed.",
    did: "native",
    says: "owner of /etc/shadow",
    own: [
      sh(
        "for file in etc/shadow etc/shadow-; do",
        '  if [ -f "$file" ]; then chown root:shadow "$file"; fi',
        "done",
        "prompt=/etc/profile.d/color_prompt.sh",
        'if [ -L "$prompt" ] && [ "$(readlink "$prompt")" = color_prompt ]; then',
        '  ln -s -f color_prompt.sh.disabled "$prompt"',
        "fi",
      ),
    ],
  }),
  fact({
    package: "busybox",
    script: "post-install",
    texts: ["13c120a1c714ecafa7fe1fc748406a89dfffc549118ebce324b53d4bbb4ba75f"],
    does: "Makes the directories of programs, links the applets, makes group and user klogd.",
    did: "native",
    says: "directory /bin, directory /sbin, directory /usr/bin, directory /usr/sbin, " +
      `${BUSYBOX_LINKS}, group klogd, user klogd`,
    own: [
      sh(
        "busybox mkdir -p /usr/sbin /usr/bin /sbin /bin",
        "if ! busybox --install -s; then exit 1; fi",
        "addgroup -S klogd || :",
        "adduser -SDH -h /dev/null -s /sbin/nologin -g klogd -G klogd klogd || :",
      ),
    ],
  }),
  fact({
    package: "busybox",
    script: "post-install",
    texts: ["3927be853572aec31eeb44e10e876a9a7c4a39454796bcd7b59f1372033f12ac"],
    does: "Makes the directories of programs, and links the applets.",
    did: "native",
    says:
      `directory /bin, directory /sbin, directory /usr/bin, directory /usr/sbin, ${BUSYBOX_LINKS}`,
    own: [
      sh("bb=/bin/busybox", "$bb mkdir -p /bin /sbin /usr/bin /usr/sbin && $bb --install -s"),
    ],
  }),
  fact({
    package: "busybox",
    script: "post-install",
    texts: ["93775e0dd395cd2f426e0c207a5b4e9c4ad871648089707c74cc5ae9ee32080f"],
    does: "Links the applets.",
    did: "native",
    says: BUSYBOX_LINKS,
    own: [sh("exec busybox --install -s")],
  }),
  fact({
    package: "busybox",
    script: "trigger",
    texts: [
      "56be2f4b9f99be9fc281314cda5c5e3b45a8123e37ba4938f1405584ce1af443",
      "0d63b08ed79c5a2348548852c9674c5c947abe2c97691162bd94a887ebd7d1f0",
    ],
    does: "Links the applets where programs came, and indexes modules where no kmod does.",
    did: "depmod",
    says:
      `2 links to /bin/bbsuid, ${BUSYBOX_LINKS}; module indexes of /lib/modules/6.6-lts ${LEFT}`,
    args: ["/bin", "/lib/modules/6.6-lts"],
    given: { "lib/modules/6.6-lts/modules.order": "" },
    own: [
      sh(
        "programs=",
        "for changed; do",
        '  if [ "${changed#*/lib/modules/}" = "$changed" ]; then programs=1; continue; fi',
        "  tool=$(command -v depmod) || continue",
        '  [ "$(readlink -f "$tool")" = /bin/busybox ] && test -d "$changed" &&',
        '    depmod "${changed##*/}"',
        "done",
        'if [ "$programs" ]; then',
        "  if [ -x /bin/bbsuid ]; then bbsuid --install; fi",
        "  if [ -x /bin/busybox-extras ]; then busybox-extras --install -s; fi",
        "  busybox --install -s",
        "fi",
      ),
    ],
  }),
  fact({
    package: "busybox",
    script: "trigger",
    texts: ["c6a03c09b57c6f3dd8e71b9de39648fbd81e4007d6030e0cf60f7874732c40e8"],
    does: "Links the applets where programs came, and indexes modules.",
    did: "depmod",
    says: `${BUSYBOX_LINKS}; module indexes of /lib/modules/6.6-lts ${LEFT}`,
    args: ["/bin", "/lib/modules/6.6-lts"],
    own: [
      sh(
        "links=no",
        'while [ -n "${1:-}" ]; do',
        "  case $1 in",
        "  */modules/*) busybox depmod ${1#/lib/modules/} ;;",
        "  *) links=yes ;;",
        "  esac",
        "  shift",
        "done",
        "if [ $links = yes ]; then busybox --install -s; fi",
      ),
    ],
  }),
  fact({
    package: "busybox-extras",
    script: "post-install",
    texts: ["9e097d059c4718d6ea6adbba866d231d6e43adff8c0ecfe3f0b091cb112a9cde"],
    does: "Links the applets of the other busybox.",
    did: "native",
    says: "1 links to /bin/busybox-extras",
    given: {
      "bin/busybox-extras": "",
      "etc/busybox-paths.d/busybox-extras": "usr/bin/telnet\n",
    },
    own: [sh("extras=busybox-extras", "if ! $extras --install -s; then exit 2; fi")],
  }),
  fact({
    package: "openrc",
    script: "post-install",
    texts: [
      "72d3256022ea596805d1b76bbc161ca57033c10bc461c373be79d60042ef0a77",
      "a935c65bdeecad83c43e1ed066590c8d039d3fb7a8235d1227ce3ce50c7ed19b",
    ],
    does: "Takes over the order of services of the system before OpenRC, where that was.",
    did: "native",
    says: "nothing to do",
    own: [openrc("etc/runlevels"), openrc("/etc/runlevels")],
  }),
];
