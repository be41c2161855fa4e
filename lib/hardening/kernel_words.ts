/** Kinds of machines that a host's image is made for: their kernels differ. */
export const MACHINES = ["pc", "arm-uefi", "raspberry-pi"] as const;
export type Machine = (typeof MACHINES)[number];

/** A word of the kernel's command line (Linux, Documentation/admin-guide/kernel-parameters). */
export interface KernelWord {
  readonly word: string;
  readonly why: string;
  readonly toweros?: string;
  /** All, where none are named. */
  readonly machines?: readonly Machine[];
  /**
   * A file of the running kernel that tells that the word was understood, by what it says or no longer
   * says; not all kernels have it.
   */
  readonly sign?: { readonly path: string; readonly text: string; readonly isGone?: true };
}

/** What it is about, on the machines whose kernels may have it. */
const SIGNED = ["pc", "arm-uefi"] as const;

export const KERNEL_WORDS: readonly KernelWord[] = [
  {
    word: "slab_nomerge",
    toweros: "slab_nomerge",
    why: "objects of one kind do not lie where a freed one of another kind lay; some KiB of memory",
  },
  {
    word: "init_on_alloc=1",
    toweros: "init_on_alloc=1",
    why:
      "no remains of other programs in new memory. Alpine's PC and virtual kernels do it anyway; " +
      "on a Raspberry Pi each page is written once more, which is next to nothing for programs that " +
      "keep their memory, and most for those that fork or read files all the time (not measured)",
  },
  {
    word: "page_alloc.shuffle=1",
    toweros: "page_alloc.shuffle=1",
    why: "free pages in no order that can be foretold; once, at the start",
    sign: { path: "/sys/module/page_alloc/parameters/shuffle", text: "Y" },
  },
  {
    word: "randomize_kstack_offset=on",
    why: "the kernel's stack lies elsewhere at each call; without a word in kernels of 32 bits",
  },
  {
    word: "debugfs=off",
    toweros: "debugfs=off",
    why: "drivers' own doors for their developers, root's alone but of no use here",
    sign: { path: "/proc/filesystems", text: "\tdebugfs\n", isGone: true },
  },
  {
    word: "vsyscall=none",
    toweros: "vsyscall=none",
    machines: ["pc"],
    why: "no code at an address that is the same everywhere; programs since 2012 do without",
    sign: { path: "/proc/self/maps", text: "[vsyscall]", isGone: true },
  },
  {
    word: "lockdown=confidentiality",
    toweros: "lockdown=confidentiality",
    machines: SIGNED,
    why:
      "root neither changes nor reads the running kernel. Debian's kernels have it, Alpine's virt " +
      "for Arm too; its lts for x86 and the Raspberry Pi's do not, and there it is an idle word",
    sign: { path: "/sys/kernel/security/lockdown", text: "none integrity [confidentiality]" },
  },
  {
    word: "module.sig_enforce=1",
    toweros: "module.sig_enforce=1",
    machines: SIGNED,
    why:
      "modules of the kernel's own maker alone, where modules are signed; elsewhere an idle word",
    sign: { path: "/sys/module/module/parameters/sig_enforce", text: "Y" },
  },
];

/** The words for a kind of machine, in order. */
export function kernelWordsOf(machine: Machine): KernelWord[] {
  return KERNEL_WORDS.filter(({ machines }) =>
    machines === undefined || machines.includes(machine)
  );
}
