/** What was looked at and left out. */
export interface NotTaken {
  readonly what: string;
  readonly toweros?: string;
  readonly why: string;
}

export const NOT_TAKEN: readonly NotTaken[] = [
  {
    what: "init_on_free=1",
    toweros: "set",
    why:
      "init_on_alloc already keeps remains from others. This one writes every page twice, and most " +
      "where memory is slow, as on a Raspberry Pi",
  },
  {
    what: "pti=on, mitigations=…",
    toweros: "pti=on",
    why: "the kernel knows which processors need what. nosmt keeps domains apart that share a " +
      "processor; here each has a computer of its own",
  },
  {
    what: "oops=panic",
    toweros: "set",
    why:
      "a driver's fault would stop a host whose card with the key was taken out; oops_limit stops " +
      "attacks",
  },
  {
    what: "mce=0, tcp_fack, decnet, econet",
    toweros: "set",
    why: "Linux has them no longer",
  },
  {
    what: "loglevel=0",
    toweros: "set",
    why: "a host that does not start could not say why; kernel.printk does the rest",
  },
  {
    what: "lockdown, module.sig_enforce on Raspberry Pis",
    toweros: "set",
    why: "their kernel has neither, nor Yama; a word that does nothing would look like a promise",
  },
  {
    what: "kernel.modules_disabled",
    why:
      "a network card that is plugged in later, or iptables, loads modules; signatures and the list " +
      "above stand in",
  },
  {
    what: "user.max_user_namespaces=0 but for the router, kernel.unprivileged_userns_clone",
    why: "browsers put their own sandbox into user namespaces, and so does the thin client's " +
      "bubblewrap; the second is Debian's alone",
  },
  {
    what: "kernel.io_uring_disabled on the thin client",
    why: "may be anybody's workstation, whose virtual machines use it",
  },
  {
    what: "kernel.core_pattern",
    why: "a program leaves no core unless its user raises the limit, which is 0",
  },
  {
    what: "vm.mmap_rnd_bits on armv7",
    why: "the range depends on how a kernel splits memory; a refused value would end the file",
  },
  {
    what: "iommu=force, intel_iommu=on, efi=disable_early_pci_dma",
    why: "some boards do not start with them, and no real PC was at hand; FireWire is blocked",
  },
  {
    what: "noexec on /tmp and /home",
    why:
      "a script runs by its interpreter all the same, while programs that unpack themselves do not",
  },
  {
    what: "nosuid, nodev on /",
    why: "doas is there. /home of an encrypted root has both",
  },
  {
    what: "ksmbd blocked",
    toweros: "answered as loaded",
    why:
      "root alone has it loaded, by its name; kmod 30 passes over install for modules with soft " +
      "dependencies, and blacklist does not hold for names",
  },
  {
    what: "usb-storage blocked",
    why: "roots and cards are on it",
  },
  {
    what: "AllowTcpForwarding no, DisableForwarding yes",
    toweros: "a comment",
    why: "packages of hosts without Internet and screens need forwards: narrowed instead",
  },
  {
    what: "PermitOpen but for the router",
    why:
      "with any such line OpenSSH 9.2 refuses forwards to Unix sockets as well, which screens need. " +
      "The packet filter says where a forwarded connection gets from there: from an offline host nowhere",
  },
  {
    what: "PerSourcePenalties",
    why:
      "OpenSSH before 9.8 refuses the line. The packet filter lets one address in, so a penalty can " +
      "only hit the thin client; the default of newer ones heals by itself",
  },
  {
    what: "lists of ciphers, RequiredRSASize",
    why:
      "the defaults have nothing weak left, and a fixed list would keep out what is better later",
  },
  {
    what: "Compression no, MaxSessions, MaxStartups",
    why: "compression starts after the login; sessions of screens are many",
  },
];
