import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { requireWhole } from "../../support/fleet/inventory_kills.ts";
import { named } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing, towerCommand } from "../../support/fleet/provisioning.ts";
import { FAILING_SSH, TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = provisionMissing();

/** Real `tower`s of one user, side by side. */
async function beside(
  work: (bench: {
    readonly tower: TowerProgram;
    /** Starts all at once; their exit statuses and what they said. */
    readonly run: (...commands: string[][]) => Promise<{ code: number; err: string }[]>;
    readonly make: (name: string, ...more: string[]) => string[];
    readonly names: () => Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  using folder = tempFolder();
  const image = await makeCardImage(folder.path);
  using tower = new TowerProgram();
  Deno.writeTextFileSync(join(folder.path, "ssh"), `#!/bin/sh\n${FAILING_SSH}\n`, { mode: 0o755 });
  const start = async (words: string[]) => {
    const { argv, variables } = towerCommand(tower.env.home, ...words);
    const path = { PATH: `${folder.path}:${Deno.env.get("PATH")}` };
    await using child = runner.spawn({ argv, variables: { ...variables, ...path } });
    const [ending, err] = await Promise.all([
      child.ended,
      new Response(child.stderr as ReadableStream<Uint8Array<ArrayBuffer>>).text(),
      child.stdout.pipeTo(new WritableStream()),
    ]);
    return { code: ending.kind === "exited" ? ending.code : -1, err };
  };
  await work({
    tower,
    run: (...commands) => Promise.all(commands.map(start)),
    make: (name, ...more) =>
      offline(name, image, "--device-file", join(folder.path, `${name}.img`), ...more),
    names: async () => {
      const { code, out, err } = await tower.run("list", "--json");
      assertEquals(code, 0, err);
      return JSON.parse(out).map((host: { name: string }) => host.name).sort();
    },
  });
}

Deno.test({
  ...named("two hosts made at once by two programs get addresses of their own", missing),
  fn: () =>
    beside(async ({ tower, run, make, names }) => {
      const made = await run(make("mail"), make("vault"), ["list"], ["list", "--json"]);
      for (const { code, err } of made) assertEquals(code, 0, err);
      assertEquals(await names(), ["mail", "vault"]);
      requireWhole(tower, ["mail", "vault"], "two at once");
      const { out } = await tower.run("list", "--json");
      const addresses = JSON.parse(out).map((host: { ip: string }) => host.ip);
      assertEquals(new Set(addresses).size, 2, out);
    }),
});

Deno.test({
  ...named("one host made at once by two programs is made by one; the other says why not", missing),
  fn: () =>
    beside(async ({ tower, run, make, names }) => {
      const made = await run(make("vault"), make("vault", "--force"));
      const failed = made.filter(({ code }) => code !== 0);
      // The second may have come after the first was done.
      assert(failed.length <= 1, failed.map(({ err }) => err).join());
      for (const { err } of failed) assertMatch(err, /another tower is doing that|it exists/);
      assertEquals(await names(), ["vault"]);
      requireWhole(tower, ["vault"], "one twice");
    }),
});

Deno.test({
  ...named("a host made anew and forgotten at once is there whole, or gone", missing),
  fn: () =>
    beside(async ({ tower, run, make, names }) => {
      assertEquals((await tower.run(...make("first"))).code, 0);
      assertEquals((await tower.run(...make("vault"))).code, 0);
      const results = await run(
        make("vault", "--force"),
        ["deprovision", "vault", "--no-confirm"],
      );
      for (const { code, err } of results) assertEquals(code, 0, err);
      const left = await names();
      assert(["first", "first,vault"].includes(left.join()), left.join());
      requireWhole(tower, left, "anew and forgotten");
    }),
});
