import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { PATIENCE } from "../../../lib/fetch/patience.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { OTHER_KEY, TEST_KEY } from "../../support/apk/test_keys.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import {
  PackageTower,
  packageTowerMissing,
  REPOSITORY,
} from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { named } from "../../support/program/missing_programs.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const runner = denoRunner();
const [INDEX, PAD] = ["x86_64/APKINDEX.tar.gz", "x86_64/pad-1.0-r0.apk"] as const;
const pad = (text: string) => ({ pad: { files: { "usr/share/pad": text.repeat(4096) } } });

Deno.test({
  ...named(
    "a repository that lies about a package or its index is told, and a host that it lies to is as it was",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    const patience = { ...PATIENCE, stall: 2000 };
    await using place = await PackageTower.create(runner, oracleData()!, [], undefined, patience);
    place.knowOwn();
    const own = join(place.repository, "own");
    makeProgramRepository(own, pad("x"));
    using others = tempFolder();
    const other = (name: string, text: string, key = TEST_KEY.secret) => {
      makeProgramRepository(join(others.path, name), pad(text), key);
      return (file: string) => Deno.readFileSync(join(others.path, name, file));
    };
    const stranger = other("stranger", "x", OTHER_KEY.secret);
    const pretender = other("pretender", "x", {
      ...OTHER_KEY.secret,
      name: TEST_KEY.secret.name,
    });
    const rebuilt = other("rebuilt", "y");
    const part = (bytes: Uint8Array) => bytes.slice(0, bytes.length - 100);
    const untouched = await Untouched.since(place);
    const lies = async (file: string, says: RegExp, bytes?: Uint8Array, mark?: string) => {
      const path = join(own, file);
      const real = Deno.readFileSync(path);
      if (bytes !== undefined) Deno.writeFileSync(path, bytes);
      if (mark !== undefined) Deno.writeTextFileSync(path + mark, `${REPOSITORY}/elsewhere`);
      const { code, err } = await place.tower.run("install", "vault", "pad");
      if (mark !== undefined) Deno.removeSync(path + mark);
      Deno.writeFileSync(path, real);
      assertEquals(code, 1, err);
      assertMatch(err, says);
      await untouched.require();
    };
    const cases: readonly [string, Parameters<typeof lies>][] = [
      ["an index of a stranger's key", [
        INDEX,
        /own": its index is refused[^]*no trusted key/,
        stranger(INDEX),
      ]],
      ["an index that pretends to be signed", [
        INDEX,
        /own": its index is refused[^]*not match/,
        pretender(INDEX),
      ]],
      ["an index that was moved", [INDEX, /it redirects elsewhere/, undefined, ".redirect"]],
      ["an index that comes byte by byte", [INDEX, /it is too slow/, undefined, ".slow"]],
      ["a package of a stranger's key", [PAD, /pad-1\.0-r0/, stranger(PAD)]],
      ["a package that pretends to be signed", [PAD, /pad-1\.0-r0/, pretender(PAD)]],
      ["another package of that name and version", [PAD, /pad-1\.0-r0/, rebuilt(PAD)]],
      ["a package that is cut off", [PAD, /pad-1\.0-r0/, part(Deno.readFileSync(join(own, PAD)))]],
      ["a package that was moved", [PAD, /it redirects elsewhere/, undefined, ".redirect"]],
      ["a package that comes byte by byte", [PAD, /it is too slow/, undefined, ".slow"]],
    ];
    for (const [name, lie] of cases) await t.step(name, () => lies(...lie));
    await t.step("the truth is taken all the same", async () => {
      const { code, err } = await place.tower.run("install", "vault", "pad");
      assertEquals(code, 0, err);
    });
  },
});
