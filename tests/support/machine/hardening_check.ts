import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Arch } from "../../../lib/brand.ts";
import {
  type KernelWord,
  kernelWordsOf,
  type Machine,
} from "../../../lib/hardening/kernel_words.ts";
import { BLOCKED_MODULES } from "../../../lib/hardening/modules.ts";
import { MOUNTS } from "../../../lib/hardening/mounts.ts";
import { SSHD, sshdOf } from "../../../lib/hardening/sshd.ts";
import {
  keysOf,
  PROCESSOR_SYSCTLS,
  settingsOf,
  type Sysctl,
} from "../../../lib/hardening/sysctls.ts";
import type { HostRole, Ssh } from "./host_machine.ts";
import { USER } from "../build/host_system.ts";

/** A host as it should be. */
export interface HardHost {
  readonly role: HostRole;
  readonly address: string;
  readonly machine: Machine;
  readonly arch: Arch;
}

const pathOf = (key: string) => `/proc/sys/${key.replaceAll(".", "/")}`;

/** Reads back from a running host, in one go, every value that lib/hardening says. */
export async function lookAtHardening(ssh: Ssh, host: HardHost): Promise<void> {
  const settings = [...settingsOf(host.role, undefined), ...PROCESSOR_SYSCTLS[host.arch] ?? []];
  const words = kernelWordsOf(host.machine);
  const modules = BLOCKED_MODULES.flatMap(({ modules }) => modules);
  const files = [
    "/proc/cmdline",
    ...settings.flatMap(keysOf).map(pathOf),
    ...words.flatMap(({ sign }) => sign ? [sign.path] : []),
  ];
  const text = await ssh(`[ ! -e /proc/1 ] || echo "hidepid does nothing"
doas sh -s <<'END'
mount /boot
for file in /proc/mounts ${files.join(" ")}; do
	[ ! -e "$file" ] || { echo "== $file"; cat "$file"; echo; }
done
umount /boot
echo "== uname"; uname -r
echo "== sshd"; /usr/sbin/sshd -T
echo "== there"; find /lib/modules -name '*.ko*'
for module in ${modules.join(" ")}; do $(cat /proc/sys/kernel/modprobe) "$module" 2>/dev/null; done
echo "== loaded"; cut -d ' ' -f 1 /proc/modules
echo "== end"
END
`);
  const [head = "", ...rest] = text.split(/^== /m);
  assertEquals(head, "", "other processes are seen without doas");
  const parts = new Map(
    rest.map((part) => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)] as const;
    }),
  );
  const part = (name: string) => parts.get(name) ?? "";
  assert(parts.has("end"), text);
  checkWords(words, parts);
  checkSettings(settings, part("uname"), parts);
  checkMounts(part("/proc/mounts"));
  checkSshd(part("sshd"), host);
  const loaded = part("loaded").split("\n");
  const named = (name: string) => name.replaceAll("-", "_");
  assertEquals(modules.filter((name) => loaded.includes(named(name))), [], "modules");
  const there = part("there").split("\n").map((path) => named(/([^/]*)\.ko/.exec(path)?.[1] ?? ""));
  const blocked = modules.filter((name) => there.includes(named(name)));
  assert(blocked.length > 10, `the image has ${blocked.join(" ")} alone of those it blocks`);
}

function checkWords(words: readonly KernelWord[], parts: ReadonlyMap<string, string>): void {
  const given = parts.get("/proc/cmdline")!.trim().split(" ");
  assertEquals(words.filter(({ word }) => !given.includes(word)), []);
  for (const { word, sign } of words) {
    if (sign === undefined) continue;
    const text = parts.get(sign.path);
    // The kernels that the lab has, of Debian, know all the words.
    assert(text !== undefined, `${word}: no ${sign.path}`);
    assertEquals(text.includes(sign.text), sign.isGone !== true, `${word}: ${text}`);
  }
}

/** No setting has another value; none is missing but those that came with a later Linux. */
function checkSettings(
  settings: readonly Sysctl[],
  release: string,
  parts: ReadonlyMap<string, string>,
): void {
  const [major = 0, minor = 0] = release.split(".").map((part) => parseInt(part));
  const isLater = ({ needs = "" }: Sysctl) => {
    const [of = 0, at = 0] = /^\d+\.\d+$/.test(needs) ? needs.split(".").map(Number) : [];
    return of > major || of === major && at > minor;
  };
  const wanted = settings.flatMap((setting) =>
    keysOf(setting).map((key) => `${key} = ${isLater(setting) ? "not there" : setting.value}`)
  );
  const found = settings.flatMap(keysOf).map((key) => {
    const value = parts.get(pathOf(key))?.trim().replaceAll("\t", " ");
    return `${key} = ${value ?? "not there"}`;
  });
  assertEquals(found, wanted);
}

function checkMounts(mounts: string): void {
  const lines = mounts.trim().split("\n").map((line) => line.split(" "));
  for (const { point, options } of MOUNTS) {
    const has = lines.findLast((line) => line[1] === point)?.[3]?.split(",") ?? [];
    assertEquals(options.filter((option) => !has.includes(option)), [], `${point}: ${has}`);
  }
}

/** What sshd itself says that it does; it gives lists whole, and keywords in lower case. */
function checkSshd(told: string, { role, address }: HardHost): void {
  const lines = told.split("\n");
  for (const { keyword, value } of [...SSHD, ...sshdOf(role)]) {
    const start = `${keyword.toLowerCase()} `;
    const line = lines.find((line) => line.startsWith(start));
    if (!value.startsWith("-")) {
      assertEquals(line, start + value);
      continue;
    }
    const gone = new RegExp(
      `[ ,](?:${value.slice(1).replaceAll("*", "[^,]*").replaceAll(",", "|")})`,
    );
    assert(line !== undefined && line.length > start.length && !gone.test(line), line);
  }
  assertMatch(told, new RegExp(`^listenaddress ${address.replaceAll(".", "\\.")}:22$`, "m"));
  assertEquals(lines.filter((line) => /^allow(?:users|groups) /.test(line)), [
    `allowusers ${USER}`,
  ]);
}
