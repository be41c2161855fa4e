import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { putProgram } from "../../../lib/fleet/operations/files.ts";
import { sequenceOf } from "../../../lib/fleet/operations/step.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { runPlan } from "../../../lib/session/executor.ts";
import { localSession } from "../../../lib/session/local_session.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const BYTES = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);

/** The machine's own shell, and those of Alpine's and Debian's busybox. */
const SHELLS = [undefined, "debian", "alpine"] as const;
const APPLETS = ["cat", "chmod", "mv", "rm", "sync", "wc"];

for (const origin of SHELLS) {
  const by = origin === undefined ? "this machine's own sh" : `${origin}'s busybox`;
  Deno.test({
    ...named(
      `a file is put whole, with its permissions, or not at all, by ${by}`,
      origin && busyboxMissing(runner, origin),
    ),
    async fn() {
      await using shell = origin && await busyboxShell(runner, origin, APPLETS);
      await putFiles(shell?.sh ?? "sh", shell ? { PATH: shell.path } : {});
    },
  });
}

async function putFiles(sh: string, variables: Readonly<Record<string, string>>): Promise<void> {
  using folder = tempFolder();
  const path = join(folder.path, "a file");
  const step = { kind: "put", title: "store it", path, bytes: BYTES, become: [] } as const;
  const names = () => [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  const put = (mode: number, stdin: Uint8Array) => {
    const argv = [sh, ...putProgram({ ...step, mode }).argv.slice(1)] as [string, ...string[]];
    return runner.run({ argv, stdin, variables, okCodes: [0, 1] });
  };
  assertEquals((await put(0o640, BYTES)).ending, { kind: "exited", code: 0 });
  assertEquals(Deno.readFileSync(path), BYTES);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
  for (const stdin of [BYTES.subarray(0, 1000), new Uint8Array(), new Uint8Array(70_001)]) {
    const { ending, stderr } = await put(0o600, stdin);
    assertEquals(ending, { kind: "exited", code: 1 });
    assertStringIncludes(new TextDecoder().decode(stderr), "not all of it arrived, or more");
    assertEquals([Deno.readFileSync(path), names()], [BYTES, ["a file"]]);
  }
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
}

Deno.test("a file is fetched whole, for its user alone, or not at all", async () => {
  using folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  Deno.writeFileSync(at("there"), BYTES);
  const fetched = async (path: string, limit: number) => {
    const step = {
      kind: "get",
      title: "fetch it",
      path,
      limit,
      to: at("here"),
      become: [],
    } as const;
    const plan = [[sequenceOf({ name: "this machine" }, step)]];
    const { signal } = new AbortController();
    const open = () => localSession(runner);
    const [outcome] = await runPlan(plan, open, { parallel: 1, signal, reporter: silent });
    return outcome!.result.kind;
  };
  assertEquals(await fetched(at("there"), BYTES.length - 1), "failed");
  assertEquals(await fetched(at("nothing"), 100), "failed");
  assertThrows(() => Deno.statSync(at("here")), Deno.errors.NotFound);
  assertEquals(await fetched(at("there"), BYTES.length), "done");
  assertEquals(Deno.readFileSync(at("here")), BYTES);
  assertEquals(Deno.statSync(at("here")).mode! & 0o777, 0o600);
});
