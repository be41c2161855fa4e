import { GROUP, PASSWD } from "./base_root.ts";
import { fact, type ScriptFact, sh } from "./script_fact.ts";

/** Scripts that set up a service or a program, beside its accounts. */

/** Takes the names of a template's settings for other ones. */
const tinyCloud = (cloud: string, template: string, target: string) => [
  sh(
    `template=${template}`,
    `sed -r -e 's/^#?CLOUD=.*/CLOUD=${cloud}/' "$template" >${target}`,
  ),
  sh(`cat ${template} | sed -E 's/^#?CLOUD=.*$/CLOUD=${cloud}/' > ${target}`, "exit $?"),
];

export const SERVICE_FACTS: readonly ScriptFact[] = [
  fact({
    package: "bash",
    script: "post-install",
    texts: ["8d3f6002c8da057110c04bb8e823d2a90e555df1cec438833cd1768ef293bbf8"],
    does: "Makes bash one of the shells that a user may have.",
    did: "native",
    says: "shell /bin/bash",
    given: { "etc/shells": "/bin/sh\n" },
    own: [sh("shell=/bin/bash", 'add-shell "$shell"')],
  }),
  ...[
    { text: "82229f20e0c476b8f5bd9766ae8f82eeec31721d05af925fa1cfac993de8413d", run: true },
    { text: "aaa4e1ef105a1c9be288a6649273e6538ac7e44cf971cbcf1d692ebd1659f70f", run: false },
  ].map(({ text, run }) =>
    fact({
      package: "nginx",
      script: "post-install",
      texts: [text],
      does: "Puts a first site where there is none" +
        (run ? ", and makes the daemon's folder in /run." : ", and leads from the old folder."),
      did: "native",
      says: run
        ? "directory /run/nginx, file /etc/nginx/http.d/default.conf"
        : "file /etc/nginx/http.d/default.conf, link /etc/nginx/conf.d",
      given: {
        "etc/passwd": `${PASSWD}nginx:x:100:101:nginx:/var/lib/nginx:/sbin/nologin\n`,
        "etc/group": `${GROUP}nginx:x:101:nginx\n`,
        "etc/nginx/http.d": null,
        "run": null,
        "usr/share/nginx/http-default_server.conf": "server {}\n",
      },
      own: [
        sh(
          ...(run ? ["owner=nginx", "install -o $owner -g $owner -m 0755 -d /run/nginx"] : []),
          "site=/etc/nginx/http.d/default.conf",
          'test -e "$site" || install -m 0644 /usr/share/nginx/http-default_server.conf "$site"',
          ...(run ? [] : ["cd /", "[ -d etc/nginx/conf.d ] || ln -s http.d etc/nginx/conf.d"]),
        ),
      ],
    })
  ),
  ...["pipewire-pulse", "seatd"].map((name) =>
    fact({
      package: name,
      script: "post-install",
      texts: [
        name === "seatd"
          ? "f7f68df60ded5393f98f7877df29f31963bd7d72e1fcb66fce36b6ec56b33c86"
          : "035630d0f66d83cbe29373307f403768e27b1ffafd176cf0eece70c2551491e3",
      ],
      does: "Tells the administrator what else there is to do.",
      did: "native",
      says: "nothing to do",
      own: [
        sh(`echo "$0 was installed" | cat >&2`).replace("$0", name),
        sh("cat <<-'HINT'", "\tLook at `/usr/share` for $more.", "\tHINT"),
        sh("printf '%s: %d%%\\n' hint 5 1>&2"),
      ],
    })
  ),
  fact({
    package: "tiny-cloud-alpine",
    script: "post-install",
    texts: ["67ce0c6605979be97ee9b6cae94060d8461606850d6dca1293efb2502bfdd6d7"],
    does: "Makes the settings for one cloud of those for all.",
    did: "native",
    says: "file /etc/tiny-cloud.conf",
    given: { "lib/tiny-cloud/tiny-cloud.conf": "#CLOUD=\nOTHER=1\n" },
    own: tinyCloud("alpine", "/lib/tiny-cloud/tiny-cloud.conf", "/etc/tiny-cloud.conf"),
  }),
  ...([
    [
      "02f0c37074fe1718e8a27d42841b3d04f4846b76267c6fd46a3a32bb849118c4",
      "usr/lib",
      "tiny-cloud.conf",
    ],
    ["dd1a13cd6bdf0cc3f9fa30e5ac7a113d4eda48e02bc6fc1ce5cc9f3cd70576c6", "lib", "tiny-cloud.conf"],
    [
      "5f887ab270db73df9e28705a65a208f8717d3ff8af850c2b85502640d8c1bf5d",
      "lib",
      "conf.d/tiny-cloud",
    ],
  ] as const).map(([text, folder, target]) =>
    fact({
      package: "tiny-cloud-nocloud",
      script: "post-install",
      texts: [text],
      does: `Makes the settings in /etc/${target} of those in /${folder}.`,
      did: "native",
      says: `file /etc/${target}`,
      given: { [`${folder}/tiny-cloud/tiny-cloud.conf`]: "#CLOUD=\nOTHER=1\n", "etc/conf.d": null },
      own: tinyCloud("nocloud", `/${folder}/tiny-cloud/tiny-cloud.conf`, `/etc/${target}`),
    })
  ),
  fact({
    package: "udev-init-scripts",
    script: "post-install",
    texts: ["2b9b567a2b0a2bebd29c92d14a504cbd82772cfb0e7578ef6a14cb3e4c49ca14"],
    does: "Looks whether udev is to be started, and then does nothing all the same.",
    did: "native",
    says: "nothing to do",
    own: [
      sh(
        "level=/etc/runlevels/sysinit",
        'test -e "$level/udev" && [ -z "$level/udev-trigger" ] && ln -s udev-trigger "$level"',
        "exit 0",
      ),
    ],
  }),
];
