import type { Arch } from "../brand.ts";
import type { Role } from "../firewall/roles.ts";

/** A kernel setting (Linux, Documentation/admin-guide/sysctl and networking/ip-sysctl). */
export interface Sysctl {
  /** `%` stands for `all` and `default`: either alone leaves some interfaces out. */
  readonly key: string;
  readonly value: string;
  readonly why: string;
  /** What TowerOS set, where it set it. */
  readonly toweros?: string;
  /** Everybody's, where none are named. */
  readonly roles?: readonly Role[];
  /** What a kernel must have, where not all have it; a version is Linux' own. */
  readonly needs?: string;
}

const HOSTS = ["offline", "online", "router"] as const;

/** Writing `ip_forward` resets interface settings to their defaults, so it stands first. */
const FORWARD = "net.ipv4.ip_forward";

/**
 * In the order in which they are set. busybox' sysctl names a key that a kernel does not have and
 * goes on; at the first value that a kernel refuses it stops. So what keeps networks apart comes
 * first, and what depends on the processor last, or in a file of its own.
 */
export const SYSCTLS: readonly Sysctl[] = [
  {
    key: FORWARD,
    value: "0",
    toweros: "0; router: 1",
    why: "hosts pass nothing on; the router alone has 1",
  },
  ...([
    ["ipv4.conf.%.accept_redirects", "0", "nobody else tells a machine its routes", "0"],
    ["ipv4.conf.%.accept_source_route", "0", "nor does a packet choose its way", "0"],
    ["ipv4.conf.%.arp_announce", "2", "an address is told on its own interface only"],
    ["ipv4.conf.%.arp_ignore", "1", "and answered for there only"],
    ["ipv4.conf.%.route_localnet", "0", "127.0.0.0/8 never comes by cable"],
    ["ipv4.conf.%.rp_filter", "1", "a forged sender is dropped before the filter", "1"],
    ["ipv4.conf.%.secure_redirects", "0", "gateways tell no routes either", "0"],
    ["ipv4.conf.%.send_redirects", "0", "and none are told to others", "0"],
    ["ipv6.conf.%.accept_ra", "0", "no IPv6: nothing in a tower needs it", "all: 0"],
    ["ipv6.conf.%.accept_redirects", "0", "no IPv6", "0"],
    ["ipv6.conf.%.accept_source_route", "0", "no IPv6", "0"],
    ["ipv6.conf.%.disable_ipv6", "1", "no IPv6"],
    ["ipv6.conf.%.forwarding", "0", "no IPv6", "router: 1"],
  ] as const).map(([key, value, why, toweros]) => ({
    key: `net.${key}`,
    value,
    why,
    ...(toweros === undefined ? {} : { toweros }),
  })),
  {
    key: "net.ipv6.conf.lo.disable_ipv6",
    value: "0",
    why: "the loopback keeps ::1, which programs expect; after all interfaces lost theirs",
  },
  {
    key: "net.ipv4.icmp_echo_ignore_all",
    value: "1",
    toweros: "1",
    why: "tower status asks over SSH",
  },
  {
    key: "net.ipv4.tcp_dsack",
    value: "0",
    toweros: "0",
    why: "SACK had remote holes (2019), and a LAN loses few packets",
  },
  { key: "net.ipv4.tcp_sack", value: "0", toweros: "0", why: "as tcp_dsack" },
  {
    key: "net.ipv4.tcp_rfc1337",
    value: "1",
    toweros: "1",
    why: "a forged reset does not end a connection that waits",
  },
  {
    key: "net.ipv4.tcp_syncookies",
    value: "1",
    toweros: "1",
    why: "a flood of SYN fills no table",
  },
  {
    key: "net.netfilter.nf_conntrack_tcp_loose",
    value: "0",
    why: "a connection begins with its first packet, not with any of its middle",
  },
  {
    key: "net.netfilter.nf_conntrack_tcp_timeout_established",
    value: "7440",
    why: "idle connections are forgotten after the 2 hours and 4 minutes of RFC 5382, not 5 days",
  },
  {
    key: "net.core.bpf_jit_harden",
    value: "2",
    toweros: "2, thin client for x86",
    why: "constants of a BPF program are no code; for root's too, as tcpdump's and seccomp's",
  },
  {
    key: "dev.tty.ldisc_autoload",
    value: "0",
    toweros: "0",
    why: "nobody but root has old line disciplines loaded, which had holes",
  },
  {
    key: "dev.tty.legacy_tiocsti",
    value: "0",
    needs: "6.2",
    why: "no program types into the terminal of the shell that started it by doas",
  },
  { key: "fs.protected_fifos", value: "2", toweros: "2", why: "no traps in shared folders" },
  { key: "fs.protected_hardlinks", value: "1", toweros: "1", why: "no traps in shared folders" },
  { key: "fs.protected_regular", value: "2", toweros: "2", why: "no traps in shared folders" },
  { key: "fs.protected_symlinks", value: "1", toweros: "1", why: "no traps in shared folders" },
  {
    key: "fs.suid_dumpable",
    value: "0",
    why: "the kernel's own default, kept: memory of doas is neither dumped nor traced",
  },
  { key: "kernel.dmesg_restrict", value: "1", toweros: "1", why: "addresses stand in the log" },
  {
    key: "kernel.io_uring_disabled",
    value: "2",
    roles: HOSTS,
    needs: "6.6",
    why: "a large part of the kernel that any program reaches; those that use it do without",
  },
  {
    key: "kernel.kexec_load_disabled",
    value: "1",
    toweros: "1, thin client for x86",
    why: "root does not put another kernel in place of the one that was started",
  },
  {
    key: "kernel.kptr_restrict",
    value: "2",
    toweros: "2",
    why: "nobody reads the kernel's addresses",
  },
  {
    key: "kernel.oops_limit",
    value: "100",
    needs: "6.1",
    why: "an attack that breaks the kernel often to be right once ends in a stop, which a faulty " +
      "driver alone does not",
  },
  {
    key: "kernel.perf_event_paranoid",
    value: "3",
    toweros: "3",
    why: "root measures programs, nobody else; where a kernel knows no 3 it means 2",
  },
  {
    key: "kernel.printk",
    value: "3 3 3 3",
    toweros: "3 3 3 3",
    why: "errors alone reach the screen",
  },
  {
    key: "kernel.randomize_va_space",
    value: "2",
    why: "the kernel's own default, kept: stack, heap and libraries lie anywhere",
  },
  { key: "kernel.sysrq", value: "0", toweros: "0", why: "no keys that reach past the login" },
  {
    key: "kernel.unprivileged_bpf_disabled",
    value: "1",
    toweros: "1",
    why: "root alone loads BPF, and this cannot be undone until a restart",
  },
  {
    key: "kernel.yama.ptrace_scope",
    value: "2",
    toweros: "2, thin client for x86",
    needs: "Yama",
    why: "a program does not read the memory of another one of the same user; debug by doas",
  },
  {
    key: "vm.unprivileged_userfaultfd",
    value: "0",
    why: "the kernel's own default, kept: races in the kernel are not held open from outside",
  },
  {
    key: "user.max_user_namespaces",
    value: "0",
    roles: ["router"],
    why: "nothing there makes any, and each opens root's part of the kernel to everybody",
  },
];

/** What kernels take by their processor. A host has these in a file of their own. */
export const PROCESSOR_SYSCTLS: Readonly<Partial<Record<Arch, readonly Sysctl[]>>> = {
  x86_64: [
    {
      key: "vm.mmap_rnd_bits",
      value: "32",
      toweros: "32, thin client",
      why: "the most that x86 takes: programs lie anywhere",
    },
    {
      key: "vm.mmap_rnd_compat_bits",
      value: "16",
      toweros: "16, thin client",
      why: "the same for programs of 32 bits",
    },
  ],
  aarch64: [
    {
      key: "vm.mmap_rnd_bits",
      value: "24",
      why: "the most that a kernel takes whose addresses have 39 bits, as the Raspberry Pi's; 18 " +
        "is usual",
    },
  ],
};

/** A setting as lines of a sysctl.d file (sysctl.conf(5)), for both places where it has two. */
export function keysOf({ key }: Sysctl): string[] {
  return key.includes("%") ? ["all", "default"].map((place) => key.replace("%", place)) : [key];
}

/**
 * The settings of a role, in the order in which they must be applied.
 *
 * @param arch Of the machine, where it is known: hosts have the same on all.
 */
export function settingsOf(role: Role, arch: Arch | undefined): Sysctl[] {
  return [
    ...SYSCTLS
      .filter(({ roles }) => roles === undefined || roles.includes(role))
      .map((s) => s.key === FORWARD && role === "router" ? { ...s, value: "1" } : s),
    ...(role === "thinclient" && arch !== undefined ? PROCESSOR_SYSCTLS[arch] ?? [] : []),
  ];
}

/** The lines of a role's sysctl.d file. */
export function sysctlsOf(role: Role, arch: Arch | undefined): string[] {
  return linesOf(settingsOf(role, arch));
}

/** The lines of a sysctl.d file (sysctl.conf(5)). */
export function linesOf(settings: readonly Sysctl[]): string[] {
  return settings.flatMap((setting) => keysOf(setting).map((key) => `${key} = ${setting.value}`));
}
