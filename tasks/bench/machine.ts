/** What the figures depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly deno: string;
  /** Programs ready to run, averaged over the last minute: others disturb the figures. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    processor: /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ??
      Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memory: Deno.systemMemoryInfo().total,
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    load: Deno.loadavg()[0] ?? 0,
  };
}

export function formatMachine({ processor, cores, memory, kernel, deno, load }: Machine): string {
  return `${cores} cores of ${processor}, ${(memory / 2 ** 30).toFixed(0)} GiB, ` +
    `Linux ${kernel}, Deno ${deno}; load ${load.toFixed(1)} at the start\n`;
}
