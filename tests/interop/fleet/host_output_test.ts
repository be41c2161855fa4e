import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
// deno-lint-ignore no-control-regex
const DRIVES_TERMINAL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

Deno.test({
  ...named(
    "A8: what apk on a host prints reaches no terminal but cleaned and bounded, and bytes are told",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const { tower, root } = place;
    const doas = join(root, "usr/bin/doas");
    const honest = Deno.readTextFileSync(doas);
    const evil = (body: string) =>
      Deno.writeTextFileSync(doas, `#!/bin/sh\ncase "$*" in *" add "*) ${body} ;; esac\n${honest}`);

    await t.step(
      "a failure with sequences that would set a title, a colour and a direction",
      async () => {
        evil(
          `printf '\\033]0;owned\\007\\033[31mERROR: \\342\\200\\256 no\\n\\r\\033[2K' >&2; exit 1`,
        );
        const { code, out, err } = await tower.run("install", "vault", "wget");
        assertEquals(code, 1);
        assertStringIncludes(err, 'Cannot install packages on "vault": ');
        assertStringIncludes(err, "ERROR: ");
        assertEquals(DRIVES_TERMINAL.exec(out + err), null, JSON.stringify(err));
      },
    );
    await t.step("endless output ends, and not in this terminal", async () => {
      evil(`yes evil >&2 & yes evil; exit 1`);
      const { code, out, err } = await tower.run("install", "vault", "wget");
      assertEquals(code, 1, err);
      assert(out.length + err.length < 10_000, `${out.length} ${err.length}`);
    });
    await t.step(
      "an apk that ends as a lost line does is not taken for one that failed",
      async () => {
        evil("exit 255");
        const { code, err } = await tower.run("install", "vault", "wget");
        assertEquals(code, 1);
        assertStringIncludes(
          err,
          "the line to it was lost\n  hint: Once it is up: tower install vault --repair",
        );
        const kept = Deno.readTextFileSync(join(tower.folder, "hosts/vault/world"));
        assertStringIncludes(kept, "wget\n");
      },
    );
    await t.step("progress is ours: bytes that the host has read", async () => {
      Deno.writeTextFileSync(doas, honest);
      const { code, err } = await tower.run("install", "vault", "wget", "--json");
      assertEquals(code, 0, err);
      const events = err.trim().split("\n").map((line) => JSON.parse(line));
      const read = events.filter(({ type, id }) => type === "progress" && id === "apk vault");
      // Not each is told: that would be more lines than anybody reads.
      assert(read.length > 0 && read.every(({ done, total }) => done > 0 && done <= total), err);
      assert(read[0].total > 1_000_000, err);
      assertMatch(err, /"title":"vault: install packages"/);
    });
  },
});
