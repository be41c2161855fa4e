import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import type { Command, Runner } from "../../lib/proc/command.ts";
import { aptSource, assertAptReady, debFileName } from "./apt.ts";

/** A machine with these programs, whose apt-cache prints a text. */
function machine(programs: readonly string[], shown: string): Runner & { ran: Command[] } {
  const ran: Command[] = [];
  return {
    ran,
    which: (program) => programs.includes(program) ? `/usr/bin/${program}` : undefined,
    run(command) {
      ran.push(command);
      const stdout = new TextEncoder().encode(shown);
      const ending = { kind: "exited", code: 0 } as const;
      return Promise.resolve({ ending, stdout, stderr: new Uint8Array() });
    },
    spawn: () => {
      throw new Error("nothing is to be spawned");
    },
  };
}

const APT = ["apt-cache", "apt-get", "dpkg-deb"];

Deno.test("a machine without apt, and one without lists, are told apart", async () => {
  const other = await assertRejects(() => assertAptReady(machine([], "")), TowerError);
  assertStringIncludes(other.message, '"apt-cache" is missing');
  const fresh = await assertRejects(() => assertAptReady(machine(APT, "")), TowerError);
  assertStringIncludes(fresh.message, "apt has no package lists");
  assertStringIncludes(fresh.hint ?? "", "apt-get update");
  await assertAptReady(machine(APT, "Package: libc6\n"));
});

Deno.test("packages of other architectures are not taken", async () => {
  const shown = ["amd64", "all", "i386"].map((architecture) =>
    `Package: p-${architecture}\nVersion: 1\nArchitecture: ${architecture}\nSHA256: 00\n`
  ).join("\n");
  const runner = machine(APT, shown);
  const found = await aptSource({ runner, architecture: "amd64", variables: {} })(["p"]);
  assertEquals(found.map((p) => p.name), ["p-amd64", "p-all"]);
  assertEquals(runner.ran[0]?.argv, ["apt-cache", "show", "--no-all-versions", "p"]);
});

Deno.test("a .deb is named as apt-get download names it", async () => {
  const shown = "Package: x\nVersion: 1:2.0~a+b-3\nArchitecture: amd64\nSHA256: 00\n";
  const [found] = await aptSource({
    runner: machine(APT, shown),
    architecture: "amd64",
    variables: {},
  })(["x"]);
  assertEquals(debFileName(found!), "x_1%3a2.0~a+b-3_amd64.deb");
});
