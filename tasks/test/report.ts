/** What became of one test. */
export interface TestResult {
  /** As `deno test` names it: `./tests/boot/lab_test.ts`. */
  readonly file: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** By the clock on the wall, its steps included. */
  readonly seconds: number;
}

/** Of a suite, or of all of them. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * Reads what `deno test --junit-path` of Deno 2.9.6 writes; every `<` in a text is escaped there.
 * Steps are left out: they are part of their test. A test that did not end, because its file broke
 * down (`<error message="Cancelled"/>`) or another test was chosen (no time), has not passed either.
 */
export function readReport(xml: string): TestResult[] {
  const cases = Array.from(
    xml.matchAll(/<testcase ([^>]*)>([^]*?)<\/testcase>/g),
    ([, attributes, body]): TestResult => {
      const { name = "", classname = "", time } = readAttributes(attributes!);
      const outcome = body!.trim() === ""
        ? "passed"
        : body!.includes("<skipped") && time !== undefined
        ? "skipped"
        : "failed";
      return { file: classname, name, outcome, seconds: Number(time ?? 0) };
    },
  );
  const names = new Set(cases.map(({ file, name }) => `${file}\n${name}`));
  return cases.filter(({ file, name }) => !isStep(name, (test) => names.has(`${file}\n${test}`)));
}

function readAttributes(text: string): Record<string, string> {
  const decode = (value: string) =>
    value.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
  const pairs = Array.from(text.matchAll(/([\w-]+)="([^"]*)"/g), ([, key, value]) => {
    return [key!, decode(value!)] as const;
  });
  return Object.fromEntries(pairs);
}

/** A step is called `TEST > STEP`; a test may have that arrow in its name too. */
function isStep(name: string, isTest: (name: string) => boolean): boolean {
  const arrow = " > ";
  for (let at = name.indexOf(arrow); at >= 0; at = name.indexOf(arrow, at + 1)) {
    if (isTest(name.slice(0, at))) return true;
  }
  return false;
}

/**
 * Counts a suite. What went wrong outside of any test (a file that does not load, a lint rule) is in
 * no report: the exit status tells of it, and it counts as one failure. So does a suite without tests.
 */
export function countOf(results: readonly TestResult[], exitCode: number): Count {
  const number = (outcome: TestResult["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  const isBroken = exitCode !== 0 || results.length === 0;
  return {
    passed: number("passed"),
    failed: Math.max(number("failed"), isBroken ? 1 : 0),
    skipped: number("skipped"),
  };
}

export function sumOf(counts: readonly Count[]): Count {
  const sum = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** The last line of a run. */
export function closingLine({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The slowest tests, the slowest first, a line each. */
export function slowest(results: readonly TestResult[], count: number): string[] {
  return results.toSorted((a, b) => b.seconds - a.seconds).slice(0, count)
    .map(({ seconds, file, name }) =>
      `${seconds.toFixed(0).padStart(5)} s  ${file.replace(/^\.\//, "")}: ${name}`
    );
}
