/** Modules that are never loaded, whoever asks for them. */
export interface BlockedModules {
  readonly why: string;
  /** What TowerOS did about them. */
  readonly toweros?: string;
  readonly modules: readonly string[];
}

export const BLOCKED_MODULES: readonly BlockedModules[] = [
  {
    why: "protocols that any user has loaded by asking for a socket, and that had holes",
    toweros: "blocked",
    modules: [
      ...["appletalk", "atm", "ax25", "can", "dccp", "ipx", "netrom", "p8022", "p8023", "psnap"],
      ...["rds", "rose", "sctp", "tipc", "x25"],
    ],
  },
  {
    why: "more of these, of today's kernels",
    modules: [
      ...["caif_socket", "ieee802154_socket", "kcm", "llc2", "mctp", "nfc", "phonet"],
      ...["rxrpc", "smc"],
    ],
  },
  {
    why: "a line discipline for long lines that nobody has",
    toweros: "blocked",
    modules: ["n-hdlc"],
  },
  {
    why: "file systems of old media, which a stick that is plugged in would have parsed",
    toweros: "blocked",
    modules: [
      ...["cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", "squashfs", "udf"],
    ],
  },
  {
    why: "file systems by network: no host reaches another one",
    toweros: "answered as loaded",
    modules: ["cifs", "gfs2", "nfs", "nfsv3", "nfsv4"],
  },
  {
    why: "by radio past the packet filter, and memory by cable past the processor",
    modules: ["bluetooth", "firewire-core"],
  },
  {
    why: "a test driver with a history of holes",
    modules: ["vivid"],
  },
];

/**
 * A file of modprobe.d(5). `install` holds for whoever asks, by any name of the module. busybox'
 * modprobe passes over it, and kmod 30 does where the module has soft dependencies; both know
 * `blacklist`, which holds for what the kernel asks for by an alias.
 *
 * @param needed what the machine's own root is read by
 */
export function modprobeText(needed: readonly string[] = []): string {
  return BLOCKED_MODULES.map(({ why, modules }) => {
    const blocked = modules.filter((name) => !needed.includes(name));
    const lines = blocked.flatMap((name) => [`blacklist ${name}`, `install ${name} /bin/false`]);
    return [`# ${why}`, ...lines, ""].join("\n");
  }).join("\n");
}
