import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { ConsoleShell } from "../../../lib/lab/console_shell.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { labRepository } from "../../support/build/lab_repository.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { Pty } from "../../support/program/pty.ts";
import { TypedProgram } from "../../support/program/typed_program.ts";

const missing = programsMissing(denoRunner(), "script", "stty");
/** Milliseconds from Ctrl-C to the end of a program. */
const SOON = 3000;

/** A mirror that takes connections and never answers. */
function hangingMirror() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const done = (async () => {
    for await (const connection of listener) taken.push(connection);
  })().catch(() => {});
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
      for (const connection of taken) connection.close();
    },
  };
}

/** Ends a program by Ctrl-C; returns what it wrote. */
async function interrupted(pty: Pty): Promise<string> {
  const start = performance.now();
  pty.types("\x03");
  await pty.sees(30, /end \d+, terminal \w+/);
  assertLess(performance.now() - start, SOON);
  assertStringIncludes(pty.text, "end 130, terminal same", pty.text);
  assertNotMatch(pty.text, /internal|please report| {4}at /);
  return pty.text;
}

for (const [term, draws] of [["xterm", true], ["dumb", false]] as const) {
  Deno.test({
    ...named(
      `Enter and Ctrl-C while ${term} waits for a mirror leave the terminal as it was`,
      missing,
    ),
    async fn() {
      using home = tempDir();
      const { folder } = labRepository(`${home.path}/repository`);
      await using mirror = hangingMirror();
      const words = ["--repository", mirror.url, "--keys", `${folder}/keys`];
      await using pty = new Pty("build/main.ts", ["resolve", "hello", ...words], {
        columns: 40,
        variables: { HOME: home.path, TERM: term, NO_COLOR: "1" },
      });
      if (draws) await pty.sees(30, /Reading package indexes/);
      await pty.sees(30, /Waiting for "http/);
      if (draws) pty.types("\r\rtyped\r");
      await new Promise((resolve) => setTimeout(resolve, 1200));
      const text = await interrupted(pty);
      if (!draws) return assertNotMatch(text.replace(/^.*begin/s, ""), /\x1b\[\d*A/);
      assertNotMatch(text, /\^C|typed/);
      // Every running line was taken away: what is left are lines that stay.
      const last = text.split("\x1b[J").at(-1)!;
      assertEquals(last.split("\r\n").slice(0, 2), [
        "error: Cannot go on: SIGINT was received",
        "end 130, terminal same",
      ]);
    },
  });
}

Deno.test({
  ...named("Ctrl-C at a question ends its line, then says what ended the program", missing),
  async fn() {
    using home = tempDir();
    layHost(`${home.path}/.local/tower`, "web");
    await using pty = new Pty("cli/main.ts", ["deprovision", "web"], {
      variables: { HOME: home.path, TERM: "xterm", NO_COLOR: "1" },
    });
    await pty.sees(30, /begin/);
    await pty.sees(40, /web.*: $/);
    const text = await interrupted(pty);
    assert(/: (\^C)?\r\nerror: Cannot go on: SIGINT was received\r\n/.test(text), text);
  },
});

Deno.test({
  ...named("a password that is asked for does not show, and keys that erase work", missing),
  async fn() {
    using home = tempDir();
    layHost(`${home.path}/.local/tower`, "router");
    const words = ["wlan-connect", "--ssid", "here", "--dry-run"];
    await using pty = new Pty("cli/main.ts", words, {
      variables: { HOME: home.path, TERM: "xterm", NO_COLOR: "1" },
    });
    await pty.sees(40, /Password: $/);
    pty.types("wrong\x15short\x7f\x7f\x7f\n");
    await pty.sees(30, /end \d+, terminal \w+/);
    assertNotMatch(pty.text, /wrong|short|sho\b/);
    // "sh" is too short for a password of a Wi-Fi.
    assertMatch(pty.text, /Password: \r\nerror: .*8/s);
    assertMatch(pty.text, /end [12], terminal same/);
  },
});

Deno.test("what is typed at a program that has ended is lost, and no test fails by it", async () => {
  await using program = new TypedProgram({ argv: ["echo", "over"] });
  await program.ended();
  for (let i = 0; i < 3; i++) {
    program.types("a key");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(program.text, "over\n");
});

Deno.test("a console whose machine is off says so, whatever was typed", async () => {
  await using process = denoRunner().spawn({ argv: ["echo", "over"] });
  await process.ended;
  const shell = new ConsoleShell(process);
  await assertRejects(() => shell.run("true", 5), TowerError, "the machine is off");
});
