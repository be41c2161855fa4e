import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { type Key, KEYS } from "../../../lib/tower_env/rules.ts";
import { BareRoot, minirootfs } from "../../support/compile/bare_root.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const OVERLAY = fromFileUrl(new URL("../../../build/systems/host/overlay", import.meta.url));
const runner = denoRunner();
const missing = programsMissing(runner, "unshare", "ip") ?? rootMissing() ??
  (minirootfs("x86_64") === undefined ? "no TOWER_ORACLE_DATA" : undefined);

const keyOf = (letter: string) =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)} ${letter}`;
const hashOf = (letter: string) => `$6$salt$${letter.repeat(86)}`;

type Settings = Partial<Record<Key, string>>;
const ONLINE: Settings = {
  HOSTNAME: "web",
  USERNAME: "ann",
  PUBLIC_KEY: keyOf("A"),
  PASSWORD_HASH: hashOf("a"),
  KEYBOARD_LAYOUT: "de",
  KEYBOARD_VARIANT: "de",
  TIMEZONE: "Europe/Berlin",
  LANG: "en_US",
  ONLINE: "true",
  THIN_CLIENT_IP: "192.168.2.100",
  TOWER_NETWORK: "192.168.2.0/24",
  STATIC_HOST_IP: "192.168.2.200",
  ROUTER_IP: "192.168.2.1",
};
const { ROUTER_IP: _, ...OFFLINE } = { ...ONLINE, ONLINE: "false" };
const ROUTER: Settings = {
  ...ONLINE,
  ...{ HOSTNAME: "router", STATIC_HOST_IP: "192.168.2.1", WLAN_SSID: "net" },
  WLAN_SHARED_KEY: "0".repeat(64),
};

const { WLAN_SSID: __, ...UNNAMED } = { ...ROUTER, WLAN_SSID_HEX: "00" };

/** A change of a value: what it changes in which file, or the words that refuse it. */
type Case =
  | { readonly of: Settings; readonly to: string; readonly file: string; readonly says: string }
  | { readonly of: Settings; readonly to: string; readonly refused: string };

const WPA = "etc/wpa_supplicant/wpa_supplicant.conf";
const RULES = "etc/iptables/rules-save";
const LOG = "var/log/tower-firstboot.log";
const IMAGES = "packages and their repositories are the image's own";
/** Every key, as docs/host.md has it. */
const CASES: Readonly<Record<Key, readonly Case[]>> = {
  HOSTNAME: [{ of: ONLINE, to: "mail", file: "etc/hostname", says: "mail\n" }],
  USERNAME: [
    { of: ONLINE, to: "bob", file: "etc/passwd", says: "bob:x:1000:1000::/home/bob:/bin/sh\n" },
    { of: ONLINE, to: "bob", file: "etc/ssh/sshd_config.d/tower.conf", says: "AllowUsers bob\n" },
    { of: ONLINE, to: "bob", file: "etc/doas.conf", says: "permit nopass bob as root\n" },
  ],
  PUBLIC_KEY: [{
    ...{ of: ONLINE, to: keyOf("B"), file: "home/ann/.ssh/authorized_keys" },
    says: `${keyOf("B")}\n`,
  }],
  PASSWORD: [{ of: ONLINE, to: "secret", refused: "only its hash is needed" }],
  PASSWORD_HASH: [
    { of: ONLINE, to: hashOf("b"), file: "etc/shadow", says: `ann:${hashOf("b")}:` },
    { of: ONLINE, to: hashOf("b"), file: "etc/shadow", says: `root:${hashOf("b")}:` },
  ],
  KEYBOARD_LAYOUT: [{ of: ONLINE, to: "us", file: "etc/keymap/host.bmap.gz", says: "us map" }],
  KEYBOARD_VARIANT: [
    { of: ONLINE, to: "de-neo", file: "etc/keymap/host.bmap.gz", says: "de-neo map" },
    { of: ONLINE, to: "de-x", file: LOG, says: "keyboard variant de-x" },
  ],
  TIMEZONE: [{ of: ONLINE, to: "Asia/Tokyo", file: "etc/timezone", says: "Asia/Tokyo\n" }],
  LANG: [{
    ...{ of: ONLINE, to: "de_DE", file: "etc/profile.d/20-language.sh" },
    says: "export LANG=de_DE.UTF-8\n",
  }],
  ONLINE: [{ of: OFFLINE, to: "true", refused: "ROUTER_IP is missing" }],
  WLAN_SSID: [
    { of: ROUTER, to: "bad", file: WPA, says: "\tssid=626164\n" },
    { of: ONLINE, to: "bad", refused: "is for the router alone" },
  ],
  WLAN_SSID_HEX: [
    { of: UNNAMED, to: "FF00", file: WPA, says: "\tssid=ff00\n" },
    { of: ROUTER, to: "ff00", refused: "must not stand beside WLAN_SSID" },
  ],
  WLAN_SHARED_KEY: [{ of: ROUTER, to: "a".repeat(64), file: WPA, says: `psk=${"a".repeat(64)}\n` }],
  WLAN_PASSWORD_HEX: [
    { of: ROUTER, to: "61".repeat(8), file: WPA, says: `\tsae_password=${"61".repeat(8)}\n` },
  ],
  THIN_CLIENT_IP: [{ of: ONLINE, to: "192.168.2.99", file: RULES, says: "-s 192.168.2.99/32" }],
  TOWER_NETWORK: [
    {
      ...{ of: ONLINE, to: "192.168.0.0/16", file: "etc/network/interfaces" },
      says: "netmask 255.255.0.0\n",
    },
    { of: ROUTER, to: "192.168.0.0/16", file: "etc/tor/torrc", says: "accept 192.168.0.0/16\n" },
  ],
  STATIC_HOST_IP: [
    {
      ...{ of: ONLINE, to: "192.168.2.7", file: "etc/network/interfaces" },
      says: "address 192.168.2.7\n",
    },
    {
      ...{ of: ONLINE, to: "192.168.2.7", file: "etc/ssh/sshd_config.d/tower.conf" },
      says: "ListenAddress 192.168.2.7\n",
    },
  ],
  ROUTER_IP: [
    {
      ...{ of: ONLINE, to: "192.168.2.2", file: "etc/network/interfaces" },
      says: "gateway 192.168.2.2\n",
    },
    { of: ONLINE, to: "192.168.2.2", file: "etc/resolv.conf", says: "nameserver 192.168.2.2\n" },
    { of: ONLINE, to: "192.168.2.2", file: "etc/chrony/chrony.conf", says: "server 192.168.2.2 " },
    { of: OFFLINE, to: "192.168.2.1", refused: "is for online hosts and the router alone" },
  ],
  COLOR: [{ of: ONLINE, to: "92", file: "etc/profile.d/30-prompt.sh", says: "\\[\\e[92m\\]" }],
  // What the disk must hold is tried with disks: tests/soak/upgrade_test.ts, disk_refusal_test.ts.
  INSTALLATION_TYPE: [{ of: ONLINE, to: "upgrade", refused: "keeps the home on a ROOT_DEVICE" }],
  ALPINE_BRANCH: [{ of: ONLINE, to: "v3.19", refused: IMAGES }],
  DEFAULT_PACKAGES: [{ of: ONLINE, to: "toweros-host", refused: IMAGES }],
  // Of the image that the thin client wrote; it is kept with the settings.
  TOWEROS_VERSION: [
    { of: ONLINE, to: "v1", file: "var/lib/tower/firstboot/settings", says: "TOWEROS_VERSION\tv1" },
  ],
  // As for INSTALLATION_TYPE; that the step begins is seen from its key being looked for.
  ROOT_DEVICE: [{ of: ONLINE, to: "auto", refused: "needs the file crypto_keyfile.bin" }],
  ROOT_DEVICE_WIPE: [{ of: ONLINE, to: "true", refused: "needs a ROOT_DEVICE that names" }],
};

/** Runs what a first boot does but for disks and mounts: where files and rules come from values. */
const FIRST_BOOT = `
set -eu
. /usr/lib/tower/step.sh
mkdir -p "$state" /var/log
sed 's/^mount_boot ro$/boot=/; s/^find_disks$/:/' /usr/lib/tower/adopt >/tmp/adopt
sh /tmp/adopt
for step in 10-name 20-place 30-user 50-sshd 60-firewall 70-network 72-router 75-wifi; do
	"/usr/lib/tower/steps/$step"
done
`;

Deno.test({
  ...named("every value of tower.env changes what its first boot makes, or is refused", missing),
  async fn(t) {
    assertEquals(Object.keys(CASES).sort(), [...KEYS].sort());
    using root = await BareRoot.open(runner);
    const put = (path: string, text: string, mode = 0o644) => {
      const file = join(root.path, path);
      Deno.mkdirSync(join(file, ".."), { recursive: true });
      Deno.writeTextFileSync(file, text, { mode });
    };
    const text = (path: string) => {
      try {
        return Deno.readTextFileSync(join(root.path, path));
      } catch {
        return "";
      }
    };
    await runner.run({ argv: ["cp", "-a", `${OVERLAY}/.`, root.path] });
    await runner.run({ argv: ["chmod", "-R", "a+rx", join(root.path, "usr/lib/tower")] });
    for (const name of ["iptables-restore", "ip6tables-restore"]) {
      put(`usr/sbin/${name}`, "#!/bin/sh\ncat >/dev/null\n", 0o755);
    }
    for (const zone of ["Europe/Berlin", "Asia/Tokyo"]) put(`usr/share/zoneinfo/${zone}`, "TZif2");
    for (const map of ["de/de", "de/de-neo", "us/us"]) {
      put(`usr/share/bkeymaps/${map}.bmap.gz`, `${map.split("/")[1]} map`);
    }
    const etc = join(root.path, "etc.kept");
    await runner.run({ argv: ["cp", "-a", join(root.path, "etc"), etc] });
    const files = Object.values(CASES).flat().flatMap((one) => "file" in one ? [one.file] : []);
    const seen = new Map<string, { code: number; log: string; texts: Map<string, string> }>();
    const boot = async (settings: Settings) => {
      const lines = Object.entries(settings).flatMap(([k, v]) => v ? [`${k}='${v}'\n`] : []).join(
        "",
      );
      if (seen.has(lines)) return seen.get(lines)!;
      const made = ["var/lib/tower", LOG, "etc", "home"] as const;
      await runner.run({ argv: ["rm", "-rf", ...made], cwd: root.path });
      await runner.run({ argv: ["cp", "-a", etc, join(root.path, "etc")] });
      put("tower.env", lines);
      const argv = ["/bin/busybox", "sh", "-c", FIRST_BOOT] as const;
      const { code } = await root.run({ argv: [...argv], uid: 0, okCodes: [0, 1] });
      const texts = new Map(files.map((file) => [file, text(file)]));
      const outcome = { code, log: text(LOG), texts };
      seen.set(lines, outcome);
      return outcome;
    };
    for (const [key, cases] of Object.entries(CASES)) {
      await t.step(key, async () => {
        for (const one of cases) {
          const before = await boot(one.of);
          const after = await boot({ ...one.of, [key]: one.to });
          assertEquals([before.code, after.code], [0, "file" in one ? 0 : 1], after.log);
          if ("refused" in one) {
            assertStringIncludes(after.log, one.refused);
            assertStringIncludes(after.log, "Nothing was changed");
            continue;
          }
          assert(!before.texts.get(one.file)!.includes(one.says), `${one.file} says it without`);
          assertStringIncludes(after.texts.get(one.file)!, one.says);
        }
      });
    }
  },
});
