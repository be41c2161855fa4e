import { fact, type ScriptFact, sh } from "./script_fact.ts";

/** Triggers whose programs make an index or a cache of what lies in the watched directories. */

/** A program called for each directory, in three ways; `options` may hold words of any kind. */
function forEach(program: string, options: string): string[] {
  return [
    sh(
      "for folder",
      "do",
      '  if test -d "$folder"; then',
      `    ${program} ${options}"$folder"`,
      "  fi",
      "done",
    ),
    sh(
      "while [ $# -gt 0 ]; do",
      '  [ ! -d "$1" ] ||',
      `    /usr/bin/${program} ${options}"$1" >/dev/null 2>&1`,
      "  shift",
      "done",
    ),
    sh(
      "refresh() {",
      `  ${program} ${options}"$1"`,
      "}",
      'for d in "$@"; do [ -e "$d" ] && refresh "$d"; done',
      "exit 0",
    ),
  ];
}

/** A program called once. */
function once(command: string): string[] {
  return [
    sh(`${command} >/dev/null`),
    sh("set -eu", `if [ -n "$1" ]; then`, `  exec /usr/bin/${command}`, "fi"),
    sh("main() {", `  ${command} || true`, "}", "main"),
  ];
}

export const INDEX_FACTS: readonly ScriptFact[] = [
  fact({
    package: "ca-certificates",
    script: "trigger",
    texts: [
      "dd39cbb4b7e465537051fef3f01c12f74bd75956a55d804f45441b0223a1c133",
      "1bf77c8eae3220b1bd7dd86561d0899315f51d72257c1aeb4066072ed4304fe5",
    ],
    does: "Makes the bundle of certificates with those of one's own, without a word.",
    did: "first-boot",
    own: [...once("update-ca-certificates"), sh("update-ca-certificates -f >/dev/null 2>&1 || :")],
  }),
  fact({
    package: "dbus",
    script: "post-install",
    texts: ["c8bce42a6db7e1ee4861effa66278f123c7f6224ed897e081f54234b4325475b"],
    does: "Makes the machine's identity where it has none.",
    did: "first-boot",
    own: [
      sh("test -s /etc/machine-id || dbus-uuidgen --ensure=/etc/machine-id"),
      sh("file=/etc/machine-id", 'dbus-uuidgen --ensure="$file"'),
    ],
  }),
  fact({
    package: "dbus",
    script: "trigger",
    texts: ["9f514127b6fac999ea96df83ec8f6a96954cbaa2afeeb20d003b8b4531ff7bd2"],
    does: "Tells a bus that runs to read its configuration again.",
    did: "native",
    says: "nothing to do",
    own: [
      sh(
        "bus=org.freedesktop.DBus",
        'if ! dbus-send --system --dest="$bus" / "$bus".ReloadConfig >/dev/null 2>&1; then :; fi',
      ),
    ],
  }),
  fact({
    package: "desktop-file-utils",
    script: "trigger",
    texts: ["9d4c4bee74a853c7dce2666db030ae062bf79ba9dd3f2cbba09c4ee0c6485aba"],
    does: "Makes the index of programs by the files that they open.",
    did: "first-boot",
    own: once("update-desktop-database --quiet"),
  }),
  fact({
    package: "desktop-file-utils",
    script: "trigger",
    texts: ["c0e36927a5e089ca8c63f1b8ef4a33d427816a3c19aea42aa9ff671c7dcbd42f"],
    does: "Calls a program for such an index by a name that no package of today has.",
    did: "undecided",
    says: "desktop-file-update -q",
    own: once("desktop-file-update -q"),
  }),
  fact({
    package: "device-mapper-udev",
    script: "post-install",
    texts: ["b9a25d4444da38d198a31e4eb7441c01e7bc3bb37101a15627b09d9b13c5411c"],
    does: "Has a udev that runs read its rules again; where none runs, nothing comes of it.",
    did: "native",
    says: "nothing to do",
    own: [
      sh("udevadm control --reload-rules && udevadm trigger || true"),
      sh("for what in 'control --reload-rules' trigger; do udevadm $what 2>/dev/null; done", ":"),
    ],
  }),
  fact({
    package: "eudev",
    script: "trigger",
    texts: ["104ae036a067c31b743544e7c19815579673387cf1fc4724db6e75774358333b"],
    does: "Has a udev that runs read its rules again, where its socket is.",
    did: "native",
    says: "nothing to do",
    own: [
      sh("test ! -S /run/udev/control || udevadm control --reload"),
      sh("socket=/run/udev/control", "[ -S $socket ] && udevadm control --reload", "exit 0"),
    ],
  }),
  fact({
    package: "eudev-hwids",
    script: "trigger",
    texts: ["1003167002fc60e6d5685b1c8f656df180f4d3c9977a5c2bf4f0d54dd04cd02b"],
    does: "Compiles the index of hardware.",
    did: "first-boot",
    own: once("udevadm hwdb --update"),
  }),
  fact({
    package: "fontconfig",
    script: "trigger",
    texts: [
      "bed56e24089a4a9a34a8caa7b284bb8ea2c8b8cc289107753616160beea666e5",
      "672cb2670f1085f515f5710e01c5a747830f14acc5fa20ded1fb7d46b282719d",
    ],
    does: "Makes the system's cache of fonts, of late as a user of its own.",
    did: "native",
    says: "the cache of fonts is made when a program asks for it",
    own: [
      ...once("fc-cache --system-only"),
      sh("owner=fontconfig", 'su "$owner" -s /bin/sh -c "fc-cache --system-only"'),
    ],
  }),
  fact({
    package: "glib",
    script: "trigger",
    texts: [
      "47a959a0b09988b921da0d5880e8f3cabe709890091337943a5a01702caa8567",
      "dd0f88492855da8e7216932a970f907867a5b85c0f4529fc613639e433cd3f22",
    ],
    does: "Makes the index of modules, or compiles the settings, by what the directory is for.",
    did: "first-boot",
    args: ["/usr/lib/gio/modules", "/usr/share/glib-2.0/schemas"],
    given: { "usr/lib/gio/modules": null, "usr/share/glib-2.0/schemas": null },
    own: [
      sh(
        "for path do",
        '  [ -d "$path" ] || continue',
        '  if [ "${path##*/}" = schemas ]; then',
        '    glib-compile-schemas "$path"',
        "  else",
        '    gio-querymodules "$path"',
        "  fi",
        "done",
      ),
      sh(
        'for kind in "$@"; do',
        "  case ${kind##*/} in",
        '  schemas) glib-compile-schemas "$kind" 2>&1 | sed -e s/old// ;;',
        '  *) gio-querymodules "$kind"',
        "  esac",
        "done",
      ),
    ],
  }),
  fact({
    package: "gtk+3.0",
    script: "trigger",
    texts: ["edc121ec3060526ab1570f09a54dea67d1c4b67d7d3e49f65534c87c2f101f64"],
    does: "Makes the index of input methods.",
    did: "first-boot",
    own: once("gtk-query-immodules-3.0 --update-cache"),
  }),
  fact({
    package: "gtk+3.0",
    script: "post-install",
    texts: ["5207216a04aba529d65587d873c969fab31e9a4382f1334104efacc07763c353"],
    does: "Writes what input methods and what image loaders there are into /etc.",
    did: "first-boot",
    given: { "etc/gtk-3.0": null },
    own: [
      sh(
        "folder=etc/gtk-3.0",
        "gdk-pixbuf-query-loaders >$folder/gdk-pixbuf.loaders",
        "gtk-query-immodules-3.0 >$folder/gtk.immodules",
      ),
      sh("immodules=$(gtk-query-immodules-3.0)", 'echo "$immodules" >/etc/gtk-3.0/gtk.immodules'),
    ],
  }),
  fact({
    package: "gtk-update-icon-cache",
    script: "trigger",
    texts: [
      "57927399dc6c6d10feda19a3c1abd244259bc32194871e10393057047967c02a",
      "725f88f6562dfe1672fb26c24f87ab6272fae5af3e607aa2c4a0079b4fbdd421",
    ],
    does: "Makes the cache of each theme's icons, and removes a directory that is empty.",
    did: "native",
    says: "icons are found without their cache",
    given: { "usr/share/watched/index.theme": "" },
    own: [
      ...forEach("gtk-update-icon-cache", "-qtf "),
      sh('for t in "$@"; do rmdir "$t" 2>/dev/null || gtk-update-icon-cache -f "$t"; done'),
    ],
  }),
  fact({
    package: "mkfontscale",
    script: "trigger",
    texts: [
      "7d6b49d96c7e0a5dee3882cd19f96c39194bdda1bbdee11e2efeb71deb443cd0",
      "a32d38b4bb923f700255055000c44a391bb0c0bbb39531d75f468b400febd431",
    ],
    does: "Makes the indexes of the fonts in each directory, or removes what is left of it.",
    did: "first-boot",
    given: { "usr/share/watched/font.ttf": "" },
    own: [
      ...forEach("mkfontscale", ""),
      ...forEach("mkfontdir", "-e /usr/share/encodings "),
      sh(
        "for fonts do",
        '  test "${fonts##*/}" = encodings && continue',
        '  rm -f "$fonts/fonts.scale" "$fonts/fonts.dir"',
        '  if ! rmdir "$fonts" 2>/dev/null; then mkfontscale "$fonts" && mkfontdir "$fonts"; fi',
        "done",
      ),
    ],
  }),
  fact({
    package: "pango",
    script: "trigger",
    texts: ["51f357708846c111f2d070f3ecb9f92d0cb66d93f4d654ee568b7f3658a5c355"],
    does: "Writes an index of text modules that all may read, beside the directory.",
    did: "undecided",
    says: "umask",
    own: [sh("umask u=rwx,go=rx", 'pango-querymodules >"$1.cache"')],
  }),
  fact({
    package: "shared-mime-info",
    script: "trigger",
    texts: [
      "91c4bff6f1b9bce30b79aa9ef96fecf5c14501c998a7caa5db0b8dcf07ee9196",
      "20764e9e0e206f97ba30838f388a9663dc1a9ffa09e811aaa3a0dd83d53db92d",
    ],
    does: "Makes the index of file types of each directory, without waiting for the disk.",
    did: "first-boot",
    own: [
      ...forEach("update-mime-database", ""),
      sh(
        "export PKGSYSTEM_ENABLE_FSYNC=0",
        'for mime; do update-mime-database "$mime" >/dev/null; done',
      ),
    ],
  }),
];
