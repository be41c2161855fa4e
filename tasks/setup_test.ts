import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../lib/errors.ts";
import type { Command, Runner } from "../lib/proc/command.ts";
import { type Machine, setup } from "./setup.ts";

interface Fake extends Machine {
  readonly ran: string[];
}

/** A machine whose package manager brings what `brings` says. */
function machine(options: {
  isRoot: boolean;
  programs: string[];
  brings?: Record<string, string>;
  lists?: boolean;
}): Fake {
  const programs = new Set(options.programs);
  const ran: string[] = [];
  const run = ({ argv }: Command) => {
    ran.push(argv.join(" "));
    for (const word of argv) {
      const brought = options.brings?.[word];
      if (brought && (argv[1] === "install" || argv[1] === "add")) programs.add(brought);
    }
    const stdout = new Uint8Array(argv[0] === "apt-cache" && options.lists ? 1 : 0);
    return Promise.resolve({
      ending: { kind: "exited", code: 0 } as const,
      stdout,
      stderr: new Uint8Array(),
    });
  };
  const runner: Runner = {
    run,
    spawn: () => {
      throw new Error("nothing is to be spawned");
    },
    which: (program) => programs.has(program) ? `/usr/bin/${program}` : undefined,
  };
  return {
    runner,
    isRoot: options.isRoot,
    fileExists: (path) => programs.has(path),
    packageListsAge: () => options.lists ? 3600_000 : Infinity,
    say() {},
    during: (_title, work) => work(),
    ran,
  };
}

Deno.test("nothing is run where nothing is missing", async () => {
  const here = machine({ isRoot: true, programs: ["apt-get", "ssh", "/usr/share/ovmf/OVMF.fd"] });
  assertEquals(await setup(["ssh", "ovmf"], here), []);
  assertEquals(here.ran, []);
});

Deno.test("root on Debian gets the packages, after the lists where there are none or old ones", async () => {
  const brings = { "qemu-system-x86": "qemu-system-x86_64", "mtools": "mdir" };
  const fresh = machine({ isRoot: true, programs: ["apt-get", "ssh"], brings });
  assertEquals(await setup(["mtools", "ssh", "qemu"], fresh), ["mtools", "qemu"]);
  assertEquals(fresh.ran, [
    "apt-get update -qq",
    "apt-get install -y -qq --no-install-recommends mtools qemu-system-x86",
  ]);
  const known = machine({ isRoot: true, programs: ["apt-get"], brings, lists: true });
  await setup(["qemu"], known);
  assertEquals(known.ran.some((line) => line.includes("update")), false);
});

Deno.test("root on Alpine gets Alpine's packages", async () => {
  const brings = { "openssh-keygen": "ssh-keygen" };
  const here = machine({ isRoot: true, programs: ["apk"], brings });
  assertEquals(await setup(["ssh-keygen"], here), ["ssh-keygen"]);
  assertEquals(here.ran, ["apk add --quiet openssh-keygen"]);
});

Deno.test("a plain user gets one line to copy, and nothing is run", async () => {
  const here = machine({ isRoot: false, programs: ["apt-get"] });
  const error = await assertRejects(() => setup(["ssh", "ssh-keygen"], here), TowerError);
  assertEquals(error.message, "Cannot go on without ssh, ssh-keygen");
  assertEquals(
    error.hint,
    "run: sudo apt-get install -y -qq --no-install-recommends openssh-client",
  );
  assertEquals(here.ran, []);
});

Deno.test("packages that do not bring the tool, and an unknown system, are errors", async () => {
  const empty = machine({ isRoot: true, programs: ["apt-get"], lists: true });
  await assertRejects(() => setup(["ip"], empty), TowerError, "Cannot find ip");
  const other = machine({ isRoot: true, programs: ["dnf"] });
  await assertRejects(() => setup(["ip"], other), TowerError, "Cannot go on without ip");
});
