import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROLES } from "../firewall/roles.ts";
import { KERNEL_WORDS, kernelWordsOf, MACHINES } from "./kernel_words.ts";
import { BLOCKED_MODULES, modprobeText } from "./modules.ts";
import { SSHD, sshdConfig, sshdOf } from "./sshd.ts";
import { linesOf, PROCESSOR_SYSCTLS, settingsOf, sysctlsOf } from "./sysctls.ts";
import { hardeningTables } from "./tables.ts";

const isOpen = ({ keyword }: { keyword: string }) => keyword === "PermitOpen";
const distinct = (values: readonly string[]) => assertEquals([...new Set(values)], values);

Deno.test("what a kernel might refuse comes after what keeps networks apart", () => {
  for (const role of ROLES) {
    const lines = sysctlsOf(role, "x86_64");
    const lastOfNetwork = lines.findLastIndex((line) => line.startsWith("net.ipv"));
    const firstOther = lines.findIndex((line) => !line.startsWith("net.ipv"));
    assert(lastOfNetwork < firstOther, role);
    // Else the loopback would lose its address again.
    const lo = lines.indexOf("net.ipv6.conf.lo.disable_ipv6 = 0");
    assert(lo > lines.indexOf("net.ipv6.conf.all.disable_ipv6 = 1"), role);
  }
});

Deno.test("what depends on the processor is in no role's file of a host", () => {
  const keys = new Set(Object.values(PROCESSOR_SYSCTLS).flat().map(({ key }) => key));
  const own = (role: typeof ROLES[number], arch: "x86_64" | "armv7" | undefined) =>
    settingsOf(role, arch).filter(({ key }) => keys.has(key)).map(({ key }) => key);
  for (const role of ["offline", "online", "router"] as const) {
    assertEquals(own(role, "x86_64"), []);
  }
  assertEquals(own("thinclient", "x86_64"), ["vm.mmap_rnd_bits", "vm.mmap_rnd_compat_bits"]);
  assertEquals(own("thinclient", "armv7"), []);
  assertEquals(own("thinclient", undefined), []);
  assertEquals(linesOf(PROCESSOR_SYSCTLS.aarch64!), ["vm.mmap_rnd_bits = 24"]);
});

Deno.test("what guards the kernel is set for every role; user namespaces end on the router alone", () => {
  for (const role of ROLES) {
    const lines = sysctlsOf(role, undefined);
    for (
      const line of [
        "kernel.kexec_load_disabled = 1",
        "kernel.unprivileged_bpf_disabled = 1",
        "kernel.yama.ptrace_scope = 2",
        "net.core.bpf_jit_harden = 2",
      ]
    ) assert(lines.includes(line), `${role}: ${line}`);
    assertEquals(lines.includes("user.max_user_namespaces = 0"), role === "router");
    assertEquals(lines.includes("kernel.io_uring_disabled = 2"), role !== "thinclient");
  }
});

Deno.test("a word of the command line is one word, and stands once; a Raspberry Pi's are few", () => {
  distinct(KERNEL_WORDS.map(({ word }) => word.split("=")[0]!));
  for (const { word } of KERNEL_WORDS) assertMatch(word, /^[a-z0-9_.]+(?:=[a-z0-9]+)?$/);
  for (const machine of MACHINES) {
    const words = kernelWordsOf(machine).map(({ word }) => word);
    assert(words.includes("init_on_alloc=1"), machine);
    assertEquals(words.includes("lockdown=confidentiality"), machine !== "raspberry-pi");
    assertEquals(words.includes("vsyscall=none"), machine === "pc");
    // A kernel of 32 bits reads 1024 bytes in all.
    assert(words.join(" ").length < 256);
  }
});

Deno.test("a module is blocked once, by a line that modprobe knows", () => {
  const modules = BLOCKED_MODULES.flatMap(({ modules }) => modules);
  distinct(modules);
  for (const line of modprobeText().split("\n")) {
    assertMatch(line, /^(?:|# .+|blacklist [a-z0-9_-]+|install [a-z0-9_-]+ \/bin\/false)$/);
  }
});

Deno.test("an sshd keyword stands once; the router alone says where forwards lead", () => {
  for (const role of ["offline", "online", "router"] as const) {
    distinct([...SSHD, ...sshdOf(role)].map(({ keyword }) => keyword));
  }
  // With any such line sshd refuses forwards to sockets, which screens need.
  assertEquals([...SSHD, ...sshdOf("online"), ...sshdOf("offline")].some(isOpen), false);
  assertEquals(sshdOf("router").map(({ value }) => value), ["localhost:* 127.0.0.1:* *:443 *:80"]);
  // The first boot's lines come first: the first value of a keyword counts.
  assert(sshdConfig().indexOf("Include ") < sshdConfig().indexOf(SSHD[0]!.keyword));
});

Deno.test("every row of the tables has its columns and a reason", () => {
  for (const [name, table] of hardeningTables()) {
    const lines = table.trimEnd().split("\n");
    assert(lines.length > 2, name);
    for (const line of lines) {
      assertEquals(line.length, lines[0]!.length, line);
      assertMatch(line, /^\| .*\S.* \|$/);
      assert(!/\|\s*\|/.test(line), line);
    }
  }
});
