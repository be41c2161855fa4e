import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { sshString } from "../../../lib/ssh_signature/wire.ts";
import { readLines } from "../../../lib/tower_env/lines.ts";
import { KEYS } from "../../../lib/tower_env/rules.ts";
import { parseTowerEnv } from "../../../lib/tower_env/tower_env.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const SCRIPT = fromFileUrl(
  new URL("../../../build/systems/host/overlay/usr/lib/tower/tower-env", import.meta.url),
);
const SEED = 20240229;
/** Alpine's shell runs through its own loader here, which takes longer. */
const CASES = { debian: 2000, alpine: 500 } as const;

const HASH = `$6$salt$${"a".repeat(86)}`;
const POINT = Uint8Array.fromBase64(
  "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJotYd6AfNP65rKdb+EVU+X9LZo6742w3Zxi0UH+vIaS+joCgWkrYWVL4NZfAm8iolfqXlEpdrUmBWR/23JQbNQ=",
).slice(-65);
const token = (type: string, ...parts: (Uint8Array | string)[]) =>
  `${type} ${concat([type, ...parts, "ssh:"].map(sshString)).toBase64()} token`;
/** Keys of all types that sshd takes, as ssh-keygen made them, or a token would. */
const PUBLIC_KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJK8oBYu+/5kgoZ4vpg+s163AG3fmmH7jlYorBqQ8qR a@b c",
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDIojfyL3l40DPH36DFzQ9FjC6U5k2Jo8xrXZq29CZO7gMvc4ADR2Ukwtm/KsTmWS2u+VDvrAB6r36uSPiiP/mi0mS4zymfI5BwxKob0hnqJZ5DkRA1ogAKHFpa1xwPiW1Yb/0Tk8Q42c1CSV6w0AnIWHltESRMK94FA5h9vQysTw== a@b c",
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJotYd6AfNP65rKdb+EVU+X9LZo6742w3Zxi0UH+vIaS+joCgWkrYWVL4NZfAm8iolfqXlEpdrUmBWR/23JQbNQ= a@b c",
  "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBHop1ALrj7hwFC32OyQaLhd3j2vQ25x7GhScQ8k/gBvBUsO8KNSvmobEVHpXckRQ2SWcCi8B58k9hVnEWSO05NWR4EgbHGDZmFAZ3M8/Kg3j/5u3v7lCIeqYYXGWX1WcmA== a@b c",
  "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBACaqLfyGwhlHRSPppYq5hQcHWzJDTToWjCLcyAdiBISjX0j4XXXWSoWhKvwtBJbCN64+dlmA6O1Niw5ebNmXcKYLwF2XuxPsmbUm8jh+OB3i8DiFiDXrERcM3UXUz5B185VqcY0QaTRne9cqi/7kQ7K60i+2PG57Qyjc4CkKkxslEu0Gg== a@b c",
  token("sk-ssh-ed25519@openssh.com", new Uint8Array(32).fill(9)),
  token("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", POINT),
];

/** Values for each key: good ones, and such as are nearly good. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  HOSTNAME: [
    "office",
    "router",
    "router",
    "a",
    "-a",
    "a-",
    "123",
    "1a",
    "thinclient",
    "localhost",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "a b",
    "A",
  ],
  USERNAME: ["tower", "root", "_x", "-x", "Ab-9_", "9a", "a".repeat(32), "a".repeat(33)],
  PUBLIC_KEY: [
    ...PUBLIC_KEYS,
    // Such as sshd passes over: half a key, a key of another type, no point of the curve.
    `${PUBLIC_KEYS[0]!.slice(0, 56)} half`,
    PUBLIC_KEYS[0]!.replace("ssh-ed25519", "ssh-rsa"),
    PUBLIC_KEYS[2]!.replace("BJotY", "BJotZ"),
    `from="*" ${PUBLIC_KEYS[0]}`,
    `${PUBLIC_KEYS[0]!.split(" ").slice(0, 2).join(" ")}`,
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me",
    "ssh-rsa",
    "ssh-rsa AAAAB3NzaC1yc2EAAAA=",
    "ssh-rsa AAAAB3NzaC1yc2EAA===",
    "ssh-rsa AAAAB3NzaC1yc2EAAA==",
    "ssh-rsa AAAAB3NzaC1yc2EAAAA= ",
    "ssh-rsa  AAAAB3NzaC1yc2EAAAA=",
    "ssh-dss AAAAB3NzaC1yc2EAAAAA",
    "ssh-rsa AAAAB3NzaC1yc2EA=AAA",
    "ssh-rsa AAAAB3NzaC1yc2EA====",
    " ssh-rsa AAAAB3NzaC1yc2EAAAAA",
  ],
  PASSWORD: ["secret", ""],
  PASSWORD_HASH: [
    HASH,
    HASH,
    `$6$rounds=5000$s$${"b".repeat(86)}`,
    `$6$rounds=500$s$${"b".repeat(86)}`,
    `$6$rounds=05000$s$${"b".repeat(86)}`,
    `$6$rounds=5000$${"b".repeat(86)}`,
    `$6$$${"b".repeat(86)}`,
    `$6$${"s".repeat(17)}$${"b".repeat(86)}`,
    `$6$s$${"b".repeat(85)}`,
    `$6$s$${"b".repeat(86)}$`,
    "$6$rounds=5000",
    `$6$a=b$${"b".repeat(86)}`,
    "$6$",
    "*",
  ],
  KEYBOARD_LAYOUT: ["us", "ara", "a", "Us", "1a", "abcdefghij", "abcdefghijk"],
  KEYBOARD_VARIANT: ["us", "us-altgr_x", "-a", "a", "a".repeat(33)],
  TIMEZONE: [
    "UTC",
    "America/New_York",
    "America/Argentina/Ushuaia",
    "Etc/GMT+5",
    "a/b/c/d",
    "/a",
    "a/",
    "a//b",
    "A b",
    "1/a",
    `${"a".repeat(33)}/b`,
    "../a",
  ],
  LANG: [
    "en_US",
    "C",
    "C.UTF-8",
    "ast_ES.UTF-8",
    "en",
    "en_us",
    "en_US.utf8",
    "en_US.UTF-8.UTF-8",
    ".UTF-8",
  ],
  ONLINE: ["true", "true", "false", "TRUE", "true "],
  WLAN_SSID: ["home", "it is $HOME", "x".repeat(32), "x".repeat(33), "a\\b", '"', "-n", "%s"],
  WLAN_SSID_HEX: ["00ff", "AB", "a", "0g", "0".repeat(64), "0".repeat(66)],
  WLAN_PASSWORD_HEX: [
    "61".repeat(8),
    "7E".repeat(63),
    "61".repeat(7),
    "6".repeat(17),
    "6g".repeat(8),
  ],
  WLAN_SHARED_KEY: ["0".repeat(64), "F".repeat(64), "0".repeat(63), `${"0".repeat(63)}g`],
  THIN_CLIENT_IP: [
    "192.168.2.100",
    "192.168.2.100",
    "192.168.3.100",
    "192.168.2.0",
    "1.2.3",
    "192.168.02.1",
    "192.168.2.1",
  ],
  TOWER_NETWORK: [
    "192.168.2.0/24",
    "192.168.2.0/24",
    "192.168.2.0/29",
    "192.168.0.0/16",
    "192.168.2.1/24",
    "8.8.8.0/24",
    "10.0.0.0/15",
    "172.32.0.0/16",
    "172.31.0.0/16",
    "10.0.0.0/30",
    "192.168.2.0/024",
    "192.168.2.0/24/24",
    "192.168.2.0",
    "192.168.2.96/29",
  ],
  STATIC_HOST_IP: [
    "192.168.2.200",
    "192.168.2.1",
    "192.168.2.1",
    "192.168.2.255",
    "192.168.2.100",
    "256.1.1.1",
    "1.1.1.1.1",
    "-1.2.3.4",
    "99999999999999999999.1.1.1",
    "0.0.0.0",
    ".1.2.3",
    "1.2.3.",
  ],
  ROUTER_IP: ["192.168.2.1", "192.168.2.1", "192.168.2.200", "10.0.0.1", "192.168.2.100", ""],
  COLOR: ["39", "97", "3", "31 32", "", " 31"],
  INSTALLATION_TYPE: ["install", "upgrade", "Install"],
  ALPINE_BRANCH: ["v3.19", "edge", "v3.1234", "v3.", "v123.1", "v3.1a", "latest-stable", "v.1"],
  DEFAULT_PACKAGES: ["toweros-host", "a b+c d.e_f", " a", "a ", "a  b", "-a", "*", "a".repeat(65)],
  TOWEROS_VERSION: ["v0.7.0", "0.7.0-rc1+x", "-1", "v 1", "v".repeat(65)],
  ROOT_DEVICE: [
    "/dev/nvme0n1",
    "/dev/disk/by-id/usb-a:0",
    "/dev/",
    "/dev",
    "/dev/../x",
    "/dev//a",
    "/dev/a/",
    "/devx/a",
    "/dev/_a",
    "auto",
    "autos",
    "/dev/auto",
  ],
  ROOT_DEVICE_WIPE: ["true", "false", "", "yes"],
};

/** The keys that a role has to have. */
const NEEDED = KEYS.filter((k) =>
  !/^(PASSWORD|WLAN_SSID_HEX|WLAN_PASSWORD_HEX|COLOR|INSTALLATION_TYPE|ALPINE_BRANCH|ROOT_DEVICE(_WIPE)?)$/
    .test(k) &&
  !/^(DEFAULT_PACKAGES|TOWEROS_VERSION)$/.test(k)
);
const NOISE = [
  "",
  "# comment",
  "#",
  " ",
  "x",
  "A=",
  "A=''",
  "HOSTNAME=x",
  "HOSTNAME='a'b'",
  "HOSTNAME='",
  "lower='a'",
  "='a'",
  "export A='b'",
  "A B='c'",
  "A\0B='c'",
  "LANG='\t'",
  "LANG='é'",
  "LANG='C'\r",
  "COLOR='39' ",
  "A'='b'",
  "A='='",
  "LANG='`id`'",
  "\\",
  "'",
  "1A='b'",
  "_A='b'",
  `${"K".repeat(60)}='v'`,
  "\x7f",
  "\x80",
  "HOSTNAME='a\\'",
];

/** A file that is good, nearly good, or noise. */
function randomFile(random: ReturnType<typeof randomNumbers>): Uint8Array {
  const isRouter = random.below(4) === 0;
  const typical: Record<string, string> = isRouter
    ? { HOSTNAME: "router", ONLINE: "true", STATIC_HOST_IP: "192.168.2.1" }
    : {};
  const lines = [...NEEDED, ...KEYS.filter(() => random.below(8) === 0)]
    .filter((k, i, all) => all.indexOf(k) === i || random.below(10) === 0)
    .filter((k) => isRouter || !k.startsWith("WLAN") || random.below(20) === 0)
    .filter((k) => !/^(PASSWORD|ALPINE_BRANCH|DEFAULT_PACKAGES)$/.test(k) || random.below(9) === 0)
    .filter(() => random.below(60) > 0)
    .map((k) => {
      const value = random.below(12) > 0 ? typical[k] ?? VALUES[k]![0]! : random.pick(VALUES[k]!);
      return `${k}='${value}'`;
    });
  for (let noise = random.below(3); noise-- > 1;) {
    lines.splice(random.below(lines.length + 1), 0, random.pick(NOISE));
  }
  const text = lines.join("\n") + (random.below(2) === 0 ? "\n" : "");
  // Latin-1, so that bytes over 127 are no UTF-8.
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** What `tower-env` has to print: its values in a fixed order, or the problems. */
function expected(bytes: Uint8Array): { code: number; out: string; err: string } {
  try {
    parseTowerEnv(bytes, "boot");
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    return { code: 1, out: "", err: `${error.message}\n` };
  }
  const { entries } = readLines(bytes, "boot");
  const found = KEYS.filter((k) => entries.has(k));
  return { code: 0, out: found.map((k) => `${k}\t${entries.get(k)!.value}\n`).join(""), err: "" };
}

const RUN_ALL =
  `for f in "$1"/*.env; do sh "$2" "$f" >"$f.out" 2>"$f.err"; echo $? >"$f.code"; done`;

const runner = denoRunner();
for (const origin of ["debian", "alpine"] as const) {
  const missing = busyboxMissing(runner, origin) ?? programsMissing(runner, "ssh-keygen");
  Deno.test({
    name: `C9: the host's shell and the thin client agree on every tower.env, word for word, ` +
      `with ${origin}'s busybox` + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    async fn() {
      await using shell = await busyboxShell(runner, origin, ["tr", "wc"]);
      Deno.symlinkSync(runner.which("ssh-keygen")!, join(shell.path, "ssh-keygen"));
      using folder = tempFolder();
      const random = randomNumbers(SEED);
      const files = [
        ...special(),
        ...Array.from({ length: CASES[origin] }, () => randomFile(random)),
      ];
      const name = (i: number) => join(folder.path, `${String(i).padStart(6, "0")}.env`);
      for (const [i, bytes] of files.entries()) Deno.writeFileSync(name(i), bytes);
      await runner.run({
        argv: [shell.sh, "-c", RUN_ALL, "sh", folder.path, SCRIPT],
        variables: { PATH: shell.path },
      });
      let good = 0;
      for (const [i, bytes] of files.entries()) {
        const read = (end: string) => Deno.readTextFileSync(`${name(i)}.${end}`);
        const seen = { code: Number(read("code")), out: read("out"), err: read("err") };
        const text = bytes.length < 9999 ? JSON.stringify(String.fromCharCode(...bytes)) : "long";
        assertEquals(seen, expected(bytes), `seed ${SEED}, case ${i}: ${text}`);
        if (seen.code === 0) good++;
      }
      assertGreater(good, CASES[origin] / 20, `seed ${SEED}: too few good files`);
    },
  });
}

/** Files that chance would not find; every value of every key in a good file. */
function special(): Uint8Array[] {
  const base = (role: "online" | "offline" | "router") => {
    const values = new Map(NEEDED.map((k) => [k, VALUES[k]![0]!]));
    if (role === "router") values.set("HOSTNAME", "router").set("STATIC_HOST_IP", "192.168.2.1");
    if (role === "offline") {
      values.set("ONLINE", "false");
      values.delete("ROUTER_IP");
    }
    if (role !== "router") { for (const k of KEYS) if (k.startsWith("WLAN")) values.delete(k); }
    return values;
  };
  const fileOf = (values: ReadonlyMap<string, string>) =>
    new TextEncoder().encode([...values].map(([k, v]) => `${k}='${v}'\n`).join(""));
  const files = [
    new Uint8Array(0),
    new Uint8Array(10 << 20),
    new Uint8Array(65536).fill(0x0a),
    new Uint8Array(65537).fill(0x0a),
    new Uint8Array(3000).fill(0x78),
    new Uint8Array(300),
    fileOf(base("online")).subarray(0, -1),
  ];
  for (const role of ["online", "offline", "router"] as const) {
    for (const k of KEYS) {
      for (const value of VALUES[k]!) files.push(fileOf(base(role).set(k, value)));
      const without = base(role);
      without.delete(k);
      files.push(fileOf(without));
    }
  }
  return files;
}
