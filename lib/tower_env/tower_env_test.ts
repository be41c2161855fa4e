import {
  assert,
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { TowerError } from "../errors.ts";
import { ipAddress, ipNetwork } from "../ip/address.ts";
import { KEYS, RULES } from "./rules.ts";
import { parseTowerEnv, type TowerEnv, writeTowerEnv } from "./tower_env.ts";
import { wlanOf, wpaSupplicantConf } from "./wlan.ts";

const HASH = `$6$salt$${"a".repeat(86)}`;
const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} office`;

/** A file as TowerOS 0.7 writes it for an online host, without a new line at its end. */
const TOWEROS = `HOSTNAME='office'
USERNAME='tower'
PUBLIC_KEY='${KEY}'
PASSWORD='s3cret-word'
PASSWORD_HASH='${HASH}'
KEYBOARD_LAYOUT='us'
KEYBOARD_VARIANT='us-intl'
TIMEZONE='America/New_York'
LANG='en_US'
ONLINE='true'
THIN_CLIENT_IP='192.168.2.100'
TOWER_NETWORK='192.168.2.0/24'
STATIC_HOST_IP='192.168.2.200'
ROUTER_IP='192.168.2.1'
COLOR='92'
INSTALLATION_TYPE='install'
ALPINE_BRANCH='v3.19'
DEFAULT_PACKAGES='toweros-host'
TOWEROS_VERSION='v0.7.0'`;

const ONLINE: TowerEnv = {
  role: "online",
  hostname: "office",
  username: "tower",
  publicKey: KEY,
  password: "s3cret-word",
  passwordHash: HASH,
  keyboard: { layout: "us", variant: "us-intl" },
  timezone: "America/New_York",
  lang: "en_US",
  thinClient: ipAddress("192.168.2.100"),
  network: ipNetwork("192.168.2.0/24"),
  address: ipAddress("192.168.2.200"),
  router: ipAddress("192.168.2.1"),
  color: 92,
  installation: "install",
  alpineBranch: "v3.19",
  packages: ["toweros-host"],
  version: "v0.7.0",
};

const bytes = (text: string) => new TextEncoder().encode(text);

/** The problems that a text has, without the headline. */
function problemsOf(text: string | Uint8Array): string[] {
  const input = typeof text === "string" ? bytes(text) : text;
  const error = assertThrows(() => parseTowerEnv(input, "boot"), TowerError);
  assertEquals(error.code, "malformed");
  const [head, ...problems] = error.message.split("\n  ");
  assertEquals(head, 'Cannot read "tower.env":');
  return problems;
}

/** The good file for the boot device, with one value changed, or the key left out. */
function changed(key: string, value: string | undefined): string {
  const lines = TOWEROS.split("\n")
    .filter((line) => !/^(PASSWORD|ALPINE_BRANCH|DEFAULT_PACKAGES)=/.test(line))
    .filter((line) => !line.startsWith(`${key}=`));
  return [...lines, ...(value === undefined ? [] : [`${key}='${value}'`])].join("\n");
}

Deno.test("a file of TowerOS 0.7 is read as it is", () => {
  assertEquals(parseTowerEnv(bytes(TOWEROS), "thinclient"), ONLINE);
});

Deno.test("what is written is TowerOS' own text, and reads back as the same", () => {
  assertEquals(new TextDecoder().decode(writeTowerEnv(ONLINE, "thinclient")), `${TOWEROS}\n`);
  const { router: _, ...host } = ONLINE as TowerEnv & { role: "online" };
  const offline = {
    thinClient: ipAddress("192.168.3.100"),
    network: ipNetwork("192.168.3.0/24"),
    address: ipAddress("192.168.3.201"),
  };
  const others: TowerEnv[] = [
    { ...host, role: "offline", ...offline, rootDevice: "/dev/nvme0n1" },
    {
      ...host,
      role: "router",
      hostname: "router",
      address: ipAddress("192.168.2.1"),
      wlan: wlanOf("Café 'Zum \n Bären'", "password"),
    },
    {
      ...host,
      role: "router",
      hostname: "router",
      address: ipAddress("192.168.2.1"),
      wlan: wlanOf("plain $HOME `id`", "password"),
    },
    {
      ...host,
      role: "router",
      hostname: "router",
      address: ipAddress("192.168.2.1"),
      wlan: wlanOf("it's ours", "password"),
    },
  ];
  for (const env of others) {
    assertEquals(parseTowerEnv(writeTowerEnv(env, "thinclient"), "thinclient"), env);
  }
});

Deno.test("the copy for the boot device has no password in clear text, nor what no host does", () => {
  const written = new TextDecoder().decode(writeTowerEnv(ONLINE, "boot"));
  assertNotMatch(written, /s3cret|ALPINE_BRANCH|DEFAULT_PACKAGES/);
  const { password: _, alpineBranch: __, packages: ___, ...rest } = ONLINE;
  assertEquals(parseTowerEnv(bytes(written), "boot"), rest as TowerEnv);
  const images = "packages and their repositories are the image's own";
  assertEquals(problemsOf(TOWEROS), [
    "line 4: PASSWORD must not be on the boot device: only its hash is needed",
    `line 17: ALPINE_BRANCH must not be on the boot device: ${images}`,
    `line 18: DEFAULT_PACKAGES must not be on the boot device: ${images}`,
  ]);
});

Deno.test("an upgrade keeps a home, so a host refuses it where there is none; the thin client reads it", () => {
  const text = (more: string) => `${changed("INSTALLATION_TYPE", "upgrade")}\n${more}`;
  const says = (more: string) => problemsOf(text(more)).map((p) => p.replace(/^line \d+: /, ""));
  const none = "INSTALLATION_TYPE upgrade keeps the home on a ROOT_DEVICE";
  assertEquals(says(""), [none]);
  assertEquals(says("ROOT_DEVICE='/dev/vdb'\nROOT_DEVICE_WIPE='true'"), [
    "INSTALLATION_TYPE upgrade keeps the home that ROOT_DEVICE_WIPE would lose",
  ]);
  const wipe = says("ROOT_DEVICE_WIPE='true'");
  assertEquals([wipe.length, wipe.includes(none)], [3, true]);
  for (const disk of ["auto", "/dev/vdb"]) {
    const env = parseTowerEnv(bytes(text(`ROOT_DEVICE='${disk}'`)), "boot");
    assertEquals(env.installation, "upgrade");
  }
  assertEquals(parseTowerEnv(bytes(text("")), "thinclient").installation, "upgrade");
});

Deno.test("C9: a quote, a new line or a control character in a value is refused by the writer", () => {
  for (const evil of ["a'; reboot; '", "a\nONLINE='false'", "a\x1b[2J", "\0", ""]) {
    for (
      const field of ["hostname", "username", "publicKey", "passwordHash", "timezone"] as const
    ) {
      const error = assertThrows(
        () => writeTowerEnv({ ...ONLINE, [field]: evil }, "boot"),
        TowerError,
        'Cannot write "tower.env"',
      );
      assertEquals(error.code, "usage");
    }
  }
});

Deno.test("all that is wrong is told at once, each with its line", () => {
  const text =
    "HOSTNAME='-x'\nONLINE=true\nFOO='1'\n\n# note\nLANG='C'\nLANG='C'\n\x07\nCOLOR='40'";
  assertEquals(problemsOf(text), [
    `line 1: HOSTNAME "-x" must ${RULES.HOSTNAME.says}`,
    "line 2: must be KEY='value', with no quote inside the value",
    "line 3: FOO is no key of tower.env",
    "line 7: LANG is there twice, first in line 6",
    "line 8: only plain ASCII text may be used, no accents, tabs or carriage returns",
    'line 9: COLOR "40" must be one of 39 31 32 33 34 35 36 37 91 92 93 94 95 96',
    ..."USERNAME PUBLIC_KEY PASSWORD_HASH KEYBOARD_LAYOUT KEYBOARD_VARIANT TIMEZONE ONLINE"
      .split(" ").map((key) => `${key} is missing`),
    ..."THIN_CLIENT_IP TOWER_NETWORK STATIC_HOST_IP".split(" ").map((key) => `${key} is missing`),
  ]);
});

Deno.test("no secret is ever shown, and no more than 20 problems and 40 characters of a value", () => {
  for (const key of ["PASSWORD_HASH", "WLAN_SHARED_KEY", "PASSWORD"]) {
    assertNotMatch(problemsOf(changed(key, "hunter2-hunter2")).join(), /hunter2/);
  }
  const many = problemsOf("x\n".repeat(1000));
  assertEquals([many.length, many.at(-1)], [21, "and 992 more"]);
  assertStringIncludes(
    problemsOf(changed("HOSTNAME", "x".repeat(500))).join(),
    `"${"x".repeat(40)}..."`,
  );
});

Deno.test("a file over 64 KiB is refused at once; one of 64 KiB is read", () => {
  const base = changed("COLOR", "39");
  const padded = (size: number) => `${base}\n#${" ".repeat(size - base.length - 2)}`;
  assertEquals(parseTowerEnv(bytes(padded(65536)), "boot").hostname, "office");
  assertEquals(problemsOf(padded(65537)), ["the file has more than 65536 bytes"]);
  assertEquals(problemsOf(new Uint8Array(10 << 20)), ["the file has more than 65536 bytes"]);
});

const GOOD: Readonly<Record<string, readonly string[]>> = {
  HOSTNAME: ["a", "0a", "a-b", "abcdefghijklmno", "router2"],
  TIMEZONE: ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "Port-au-Prince", "EST5EDT"],
  KEYBOARD_LAYOUT: ["us", "ara", "latam"],
  LANG: ["C", "de_DE", "ast_ES.UTF-8"],
  TOWER_NETWORK: ["192.168.0.0/16", "192.168.2.0/24"],
  ROOT_DEVICE: ["auto", "/dev/vdb", "/dev/disk/by-id/nvme-eui.0025385b71b0a2c1"],
};
const BAD: Readonly<Record<string, readonly string[]>> = {
  HOSTNAME: [
    "",
    "-a",
    "a-",
    "A",
    "a_b",
    "a.b",
    "abcdefghijklmnop",
    "12",
    "thinclient",
    "$(id)",
    "a b",
  ],
  USERNAME: ["", "root", "1a", "a b", "a:b", "a/../b", "a".repeat(33)],
  PUBLIC_KEY: [
    "",
    "x",
    "ssh-ed25519",
    "ssh-ed25519 AAAA",
    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
    `${KEY.slice(0, 40)}!!!!`,
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${"A".repeat(48)} no 32 bytes`,
    KEY.slice(0, 70),
    ` ${KEY}`,
    `from="*" ${KEY}`,
  ],
  TIMEZONE: ["", "/etc/passwd", "../../etc", "a//b", "a/b/c/d", "America/New York"],
  KEYBOARD_LAYOUT: ["u", "US", "u s", "../x"],
  STATIC_HOST_IP: ["", "1.2.3", "192.168.2.256", "192.168.02.1", "::1", "192.168.2.200/24"],
  TOWER_NETWORK: [
    "",
    "192.168.2.1/24",
    "8.8.8.0/24",
    "192.168.2.0/30",
    "10.0.0.0/8",
    "192.168.2.0",
  ],
  PASSWORD_HASH: ["", "x", HASH.slice(0, -1), HASH.replace("$6$", "$1$"), `${HASH}a`],
  ONLINE: ["", "True", "yes", "1"],
  ROOT_DEVICE: ["", "/dev/", "/dev/../etc", "nvme0n1", "/dev/a b", "/dev//a", "Auto"],
  ROOT_DEVICE_WIPE: ["", "yes", "TRUE"],
};

Deno.test("E2, E18: values of every good shape pass, all others break their rule by name", () => {
  for (const [key, values] of Object.entries(GOOD)) {
    for (const value of values) parseTowerEnv(bytes(changed(key, value)), "boot");
  }
  for (const [key, values] of Object.entries(BAD)) {
    for (const value of values) {
      const rule = RULES[key as keyof typeof RULES];
      const problems = problemsOf(changed(key, value));
      assert(problems.some((p) => p.endsWith(`must ${rule.says}`)), `${key} ${value}: ${problems}`);
    }
  }
});

Deno.test("addresses must lie in their network and differ", () => {
  const about = (key: string, value: string) => problemsOf(changed(key, value)).join("|");
  for (const outside of ["192.168.3.200", "192.168.2.0", "192.168.2.255"]) {
    assertStringIncludes(about("STATIC_HOST_IP", outside), "must be the address of a host in");
  }
  assertStringIncludes(about("STATIC_HOST_IP", "192.168.2.100"), "must not be THIN_CLIENT_IP too");
  assertStringIncludes(about("STATIC_HOST_IP", "192.168.2.1"), "must not be ROUTER_IP too");
  assertStringIncludes(about("ROUTER_IP", "10.0.0.1"), "must be the address of a host in");
  const both = 'ROUTER_IP "192.168.2.100" must not be THIN_CLIENT_IP too';
  assertStringIncludes(about("ROUTER_IP", "192.168.2.100"), both);
  // A host that is offline has no use for it; what TowerOS wrote there is read on the thin client.
  const offline = changed("ROUTER_IP", "192.168.2.100").replace("ONLINE='true'", "ONLINE='false'");
  assertEquals(parseTowerEnv(bytes(offline), "thinclient").role, "offline");
});

Deno.test("C5: only a disk that is named may be wiped", () => {
  const about = (disk: string | undefined, wipe: string) => {
    const line = disk === undefined ? "" : `\nROOT_DEVICE='${disk}'`;
    return `${changed("COLOR", "39")}${line}\nROOT_DEVICE_WIPE='${wipe}'`;
  };
  for (const disk of [undefined, "auto"]) {
    const [problem, ...others] = problemsOf(about(disk, "true"));
    assertEquals(others, []);
    assertStringIncludes(problem!, "ROOT_DEVICE_WIPE needs a ROOT_DEVICE that names the disk");
  }
  assertEquals(parseTowerEnv(bytes(about("/dev/vdb", "true")), "boot").wipesRootDevice, true);
  assertEquals(parseTowerEnv(bytes(about("auto", "false")), "boot").rootDevice, "auto");
});

Deno.test("each role needs its own keys", () => {
  assertEquals(problemsOf(changed("ROUTER_IP", undefined)), ["ROUTER_IP is missing"]);
  const offline = changed("ONLINE", "false");
  assertEquals(problemsOf(offline), [
    "line 12: ROUTER_IP is for online hosts and the router alone",
  ]);
  assertEquals(
    parseTowerEnv(bytes(offline.replace(/^ROUTER_IP.*\n/m, "")), "boot").role,
    "offline",
  );
  assertEquals(parseTowerEnv(bytes(offline), "thinclient").role, "offline");
  assertEquals(problemsOf(changed("HOSTNAME", "router")), [
    "WLAN_SHARED_KEY is missing",
    "WLAN_SSID is missing",
    'line 11: STATIC_HOST_IP "192.168.2.200" must be ROUTER_IP on the router',
  ]);
  assertStringIncludes(problemsOf(changed("WLAN_SSID", "x")).join(), "is for the router alone");
  const router = changed("HOSTNAME", "router").replace("ONLINE='true'", "ONLINE='false'");
  assertStringIncludes(
    problemsOf(router).join(),
    'ONLINE must be true for the host "router"',
  );
});

Deno.test("every key has a rule that no value with a quote's neighbours can pass by accident", () => {
  for (const key of KEYS) {
    if (key === "PASSWORD" || key === "WLAN_SSID") continue;
    for (const evil of ["$(id)", "`id`", "a;b", "a\\", 'a"b', "a\tb"]) {
      assertEquals(RULES[key].isGood(evil), false, `${key} ${evil}`);
    }
  }
});

Deno.test("the key of a Wi-Fi network is that of IEEE 802.11's test vectors", () => {
  assertEquals(
    wlanOf("IEEE", "password").key,
    "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e",
  );
  assertEquals(
    wlanOf("ThisIsASSID", "ThisIsAPassword").key,
    "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
  );
  for (const ssid of ["", "x".repeat(33), "é".repeat(17)]) {
    assertThrows(() => wlanOf(ssid, "password"), TowerError, "not 1 to 32");
  }
  for (const password of ["short", "x".repeat(64), "passwörter", "pass\nword"]) {
    const error = assertThrows(() => wlanOf("a", password), TowerError, "8 to 63");
    assertStringIncludes(error.message, "64 hexadecimal digits");
    assert(!error.message.includes(password));
  }
});

Deno.test("64 hexadecimal digits in the place of a Wi-Fi password are its key", () => {
  const digits = "0123456789ABCDEF".repeat(4);
  assertEquals(wlanOf("a", digits), { ssidHex: "61", key: digits.toLowerCase() });
  for (const other of [digits.slice(1) + "g", digits + "0"]) {
    assertThrows(() => wlanOf("a", other), TowerError, "64 hexadecimal digits");
  }
});

Deno.test("B9: wpa_supplicant gets a network in hexadecimal digits alone, with SAE where there is a password", () => {
  const [ssidHex, key] = ["6162", "0a".repeat(32)];
  const conf = (...lines: string[]) =>
    ["mac_addr=1", "preassoc_mac_addr=1", "rand_addr_lifetime=60", "sae_pwe=2", "network={"]
      .concat(lines.map((line) => `\t${line}`), "}", "").join("\n");
  assertEquals(
    wpaSupplicantConf({ ssidHex, key }),
    conf("ssid=6162", "key_mgmt=WPA-PSK WPA-PSK-SHA256", "ieee80211w=1", `psk=${key}`),
  );
  assertEquals(
    wpaSupplicantConf({ ssidHex, key, passwordHex: "7071" }),
    conf(
      ...["ssid=6162", "key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE", "ieee80211w=1", `psk=${key}`],
      "sae_password=7071",
    ),
  );
  for (
    const bad of [
      { ssidHex: "6g", key },
      { ssidHex: "61".repeat(33), key },
      { ssidHex, key: key.slice(2) },
      { ssidHex, key, passwordHex: "70\n}" },
    ]
  ) assertThrows(() => wpaSupplicantConf(bad), RangeError);
});
