/** One run. */
export interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** Seconds that all its threads had a processor, user and system; where it could be measured. */
  readonly cpu?: number;
  /** Most bytes of memory it had at once; where it could be measured. */
  readonly memory?: number;
}

/** What programs took that ran one after the other: their times together, the largest memory. */
export function inSequence(samples: readonly Sample[]): Sample {
  const cpu = knownOf(samples.map((s) => s.cpu));
  const memory = knownOf(samples.map((s) => s.memory));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    wall: sum(samples.map((s) => s.wall)),
    ...cpu && { cpu: sum(cpu) },
    ...memory && { memory: Math.max(...memory) },
  };
}

/** The values where all were measured. */
function knownOf(values: readonly (number | undefined)[]): number[] | undefined {
  const known = values.filter((v) => v !== undefined);
  return known.length === values.length ? known : undefined;
}

/** One thing, measured several times. */
export interface Row {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Name of the row of the same section that it is measured against. */
  readonly peer?: string;
}

export interface Section {
  readonly title: string;
  /** What was measured and on what; what could not be measured, and why. */
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

/** A row's figures: the median of each over its runs. */
export interface Figures {
  readonly wall: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  /** Median wall time as a multiple of the peer's. */
  readonly ratio: number | undefined;
}

/** The middle of some numbers; of two in the middle, their mean. @throws {RangeError} for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of no values");
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** @throws {RangeError} for a row without samples. */
export function figuresOf(row: Row, section: Section): Figures {
  const walls = row.samples.map((s) => s.wall);
  const peer = section.rows.find((r) => r.name === row.peer);
  return {
    wall: median(walls),
    fastest: Math.min(...walls),
    slowest: Math.max(...walls),
    cpu: medianOf(row.samples.map((s) => s.cpu)),
    memory: medianOf(row.samples.map((s) => s.memory)),
    ratio: peer && median(walls) / median(peer.samples.map((s) => s.wall)),
  };
}

/** The median of what was measured in every run. */
function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = knownOf(values);
  return known && median(known);
}

const HEAD = ["", "wall", "(fastest to slowest)", "ratio", "user+sys", "peak memory"];

/** A section as lines of text. */
export function formatSection(section: Section): string {
  const lines = section.rows.map((row) => {
    const { wall, fastest, slowest, ratio, cpu, memory } = figuresOf(row, section);
    return [
      row.name,
      seconds(wall),
      `(${seconds(fastest)} to ${seconds(slowest)})`,
      ratio === undefined ? "-" : `${ratio.toFixed(ratio < 0.1 ? 3 : 2)}x`,
      cpu === undefined ? "-" : seconds(cpu),
      memory === undefined ? "-" : `${(memory / 2 ** 20).toFixed(0)} MiB`,
    ];
  });
  const table = lines.length === 0 ? [] : aligned([HEAD, ...lines]);
  return [section.title, ...section.notes.map((n) => `  ${n}`), ...table, ""].join("\n");
}

function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : `${value.toFixed(2)} s`;
}

/** Cells in columns, the first to the left, the rest to the right. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line) =>
    line.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
}
