import { assertEquals } from "@std/assert";
import { closingLine, countOf, readReport, slowest, sumOf } from "./report.ts";

/** As Deno 2.9.6 wrote it for two files: one with steps, one that broke down. */
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="7" failures="2" errors="1" time="1.776">
    <testsuite name="./tests/a_test.ts" tests="6" disabled="2" errors="0" failures="2">
        <testcase name="ok &lt;a&gt; &amp; &quot;b&quot;" classname="./tests/a_test.ts" time="0.013" line="1" col="6">
        </testcase>
        <testcase name="reads -&gt; writes &gt; both" classname="./tests/a_test.ts" time="61.500" line="2" col="6">
        </testcase>
        <testcase name="skip (skipped: needs x)" classname="./tests/a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="bad" classname="./tests/a_test.ts" time="1.253" line="4" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="ok &lt;a&gt; &amp; &quot;b&quot; &gt; a skipped step" classname="./tests/a_test.ts" time="0.000" line="1" col="89">
            <skipped/>
        </testcase>
        <testcase name="bad &gt; s1 " classname="./tests/a_test.ts" time="0.002" line="4" col="81">
            <failure message="Uncaught Error: &lt;testcase name=&quot;x&quot;&gt;">Error: &lt;testcase name=&quot;x&quot;&gt;
    at file:///tests/a_test.ts:4:104</failure>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="0" errors="1" failures="0">
        <testcase name="first" classname="./tests/b_test.ts" time="0.000" line="2" col="6">
            <error message="Cancelled"/>
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("a report gives its tests, without their steps, each with its outcome and its time", () => {
  assertEquals(readReport(REPORT), [
    { file: "./tests/a_test.ts", name: 'ok <a> & "b"', outcome: "passed", seconds: 0.013 },
    { file: "./tests/a_test.ts", name: "reads -> writes > both", outcome: "passed", seconds: 61.5 },
    { file: "./tests/a_test.ts", name: "skip (skipped: needs x)", outcome: "skipped", seconds: 0 },
    { file: "./tests/a_test.ts", name: "bad", outcome: "failed", seconds: 1.253 },
    { file: "./tests/b_test.ts", name: "first", outcome: "failed", seconds: 0 },
  ]);
});

Deno.test("a test that was not run has not been skipped for a reason", () => {
  const [left] = readReport(
    '<testcase name="a" classname="./a_test.ts" line="1" col="6">\n<skipped/>\n</testcase>',
  );
  assertEquals(left!.outcome, "failed");
});

Deno.test("suites are counted by their tests; one that ended badly has a failure at least", () => {
  const results = readReport(REPORT);
  const good = results.filter(({ outcome }) => outcome !== "failed");
  assertEquals(countOf(results, 1), { passed: 2, failed: 2, skipped: 1 });
  assertEquals(countOf(good, 0), { passed: 2, failed: 0, skipped: 1 });
  assertEquals(countOf(good, 1), { passed: 2, failed: 1, skipped: 1 });
  assertEquals(countOf([], 1).failed, 1);
  // No test and no failure: nothing was proved.
  assertEquals(countOf([], 0).failed, 1);
});

Deno.test("the last line counts all suites together", () => {
  const counts = [{ passed: 2, failed: 1, skipped: 0 }, { passed: 30, failed: 0, skipped: 4 }];
  assertEquals(closingLine(sumOf(counts)), "32 passed, 1 failed, 4 skipped");
  assertEquals(closingLine(sumOf([])), "0 passed, 0 failed, 0 skipped");
});

Deno.test("the slowest tests come first, as many as are wanted", () => {
  assertEquals(slowest(readReport(REPORT), 2), [
    "   62 s  tests/a_test.ts: reads -> writes > both",
    "    1 s  tests/a_test.ts: bad",
  ]);
});
