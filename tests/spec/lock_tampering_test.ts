import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { removeTree } from "../../lib/files/files.ts";
import { OTHER_KEY, TEST_KEY } from "../support/apk/test_keys.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = (string | number)[];

const LOCK = "out/small-x86_64.lock.json";

/** A system of two repositories, one with a tag, that was built with its lock. */
async function built(keys: "keys" | "no keys") {
  const program = new TestProgram();
  const { folder } = program.repository();
  const manifest = JSON.parse(smallManifest(folder));
  manifest.stages[0].optional = ["nothing", "greet"];
  program.write("part.yaml", smallManifest(folder, { world: ["base"] }));
  program.write("text", "text\n");
  manifest.sources = {
    text: { kind: "archive", file: "text", format: "raw", sha256: hexOf(digestOf("text\n")) },
    part: { kind: "build", folder: "part", file: "small.tar", format: "tar" },
  };
  manifest.stages.push(
    { kind: "unpack", source: "text", path: "/etc/text" },
    { kind: "unpack", source: "part", path: "/srv/part", setuid: true, devices: true },
  );
  program.write("small.yaml", JSON.stringify(manifest));
  const args = ["build", "small.yaml", "--output", "out"];
  const trust = ["--keys", "repository/keys"];
  const part = await program.run("build", "part.yaml", "--output", "part", ...trust);
  assertEquals(part.code, 0, part.err);
  const first = await program.run(...args, ...trust);
  assertEquals(first.code, 0, first.err);
  const good = hashFile(program.path("out/small.tar"));
  return {
    program,
    lock: JSON.parse(Deno.readTextFileSync(program.path(LOCK))) as Json,
    /** Builds from a lock: refused with this error, or the same bytes. */
    async try(lock: Json, renamed: "with its digest" | "" = ""): Promise<string> {
      const { digest, ...rest } = lock as { [key: string]: Json };
      const own = renamed === "" ? digest : digestOf(canonicalJson(rest));
      program.write(LOCK, JSON.stringify({ ...rest, digest: own }));
      removeTree(program.path("out/record.json"));
      const { code, err } = await program.run(
        ...args,
        "--frozen",
        ...(keys === "keys" ? trust : []),
      );
      if (code !== 0) return err.slice(err.indexOf("error: "));
      assertEquals(hashFile(program.path("out/small.tar")), good);
      return "same";
    },
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

function leaves(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => leaves(inner, [...path, key]))];
}

/** A copy with the value at a path changed; undefined takes it out. */
function changed(value: Json, [key, ...rest]: Path, change: (old: Json) => Json | undefined): Json {
  const copy = structuredClone(value) as { [key: string]: Json };
  const inner = rest.length > 0 ? changed(copy[key!]!, rest, change) : change(copy[key!]!);
  if (inner !== undefined) copy[key!] = inner;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key!];
  return copy;
}

/** Other values of a field that look as good. */
function othersOf(old: Json): (Json | undefined)[] {
  if (typeof old === "number") return [old + 1, Math.max(0, old - 1), 0];
  if (typeof old !== "string") return [undefined, [], {}];
  const swapped = old.replace(/[0-9a-z](?=[^0-9a-z]*$)/i, (c) => c === "1" ? "2" : "1");
  return [undefined, swapped, `${old}x`, digestOf("other"), "aarch64", TEST_KEY.trusted.name];
}

for (const keys of ["keys", "no keys"] as const) {
  Deno.test(`a lock with any field changed is refused or gives the same bytes (${keys})`, async () => {
    using b = await built(keys);
    assertEquals(await b.try(b.lock), "same");
    let refused = 0, tried = 0;
    for (const path of leaves(b.lock).filter((p) => p.length > 0)) {
      for (const change of othersOf(valueAt(b.lock, path))) {
        const lock = changed(b.lock, path, () => change);
        const isSame = JSON.stringify(lock) === JSON.stringify(b.lock);
        const shown = `${path.join(".")} as ${JSON.stringify(change)}`;
        assertEquals((await b.try(lock)) === "same", isSame, shown);
        // Whoever writes a lock anew can only name other packages in it: lists are up to them.
        if (valueAt(b.lock, path) instanceof Object) continue;
        const result = await b.try(lock, "with its digest").catch((error) => {
          throw new Error(shown, { cause: error });
        });
        tried++;
        if (result !== "same") refused++;
      }
    }
    assert(refused > tried / 2, `${refused} of ${tried}`);
  });
}

function valueAt(value: Json, path: Path): Json {
  return path.reduce((inner, key) => (inner as { [key: string]: Json })[key]!, value);
}

Deno.test("a package's time that another program wrote into the lock is refused by name", async () => {
  using b = await built("keys");
  const lock = changed(
    b.lock,
    ["sources", 0, "packages", 0, "buildTime"],
    (old) => Number(old) + 86400,
  );
  assertMatch(
    await b.try(lock, "with its digest"),
    /^error: Cannot use the lock: "base" was built at another time\n/,
  );
});

Deno.test("packages of a lock in another order, twice, or less of them never pass unseen", async () => {
  using b = await built("keys");
  const packages = valueAt(b.lock, ["sources", 0, "packages"]) as Json[];
  for (const list of [packages.toReversed(), [...packages, packages[0]!], packages.slice(1)]) {
    const lock = changed(b.lock, ["sources", 0, "packages"], () => list);
    assertMatch(await b.try(lock), /it was changed after it was written, or merged/);
  }
});

Deno.test("packages of a lock that do not go together, or that nothing asks for, are refused", async () => {
  using b = await built("keys");
  const path = ["sources", 0, "packages"];
  const packages = valueAt(b.lock, path) as { [key: string]: Json }[];
  const refusal = async (list: Json[]) => {
    const error = await b.try(changed(b.lock, path, () => list), "with its digest");
    const [message = "", hint] = error.split("\n");
    assertMatch(hint ?? "", /changed by hand.*lock SYSTEM --update/);
    return message;
  };
  for (const [i, { name }] of packages.entries()) {
    // Only the index tells that it comes along with others (install_if).
    if (name !== "hello-openrc") {
      assertMatch(
        await refusal(packages.filter((_, at) => at !== i)),
        /Cannot use the lock: "[^"]+" (needs|is asked for|is missing)/,
        String(name),
      );
    }
    assertEquals(
      await refusal([...packages, packages[i]!]),
      `error: Cannot use the lock: it has "${name}" twice`,
    );
  }
  // A package that the same key signed, of the lock of another system.
  const { program } = b;
  const all = smallManifest(program.path("repository"), { world: ["other"] });
  const { LabRepository } = await import("../support/build/lab_repository.ts");
  const repository = new LabRepository(program.path("repository"));
  repository.add({ name: "other", version: "1-r0" });
  repository.publish();
  program.write("all.yaml", all);
  const lock = ["--lock", "all.lock.json", "--keys", "repository/keys"];
  const made = await program.run("lock", "all.yaml", ...lock);
  assertEquals(made.code, 0, made.err);
  const others = JSON.parse(Deno.readTextFileSync(program.path("all.lock.json")));
  const other = valueAt(others, path) as { [key: string]: Json }[];
  assertEquals(
    await refusal([...packages, other.find(({ name }) => name === "other")!]),
    'error: Cannot use the lock: nothing asks for "other"',
  );
});

Deno.test("a lock that swaps the key for another's, text and digest, is refused", async () => {
  using b = await built("keys");
  const { name } = TEST_KEY.trusted;
  const key = { name, digest: OTHER_KEY.trusted.digest, pem: OTHER_KEY.trusted.pem };
  const lock = changed(b.lock, ["sources", 0, "keys", 0], () => key);
  assertMatch(await b.try(lock, "with its digest"), /^error: Cannot use lock/);
});

Deno.test("a key counts by its name and its content together", async () => {
  using b = await built("keys");
  const { program } = b;
  const { name, pem } = TEST_KEY.trusted;
  const build = async (folder: string) => {
    removeTree(program.path("out"));
    return await program.run("build", "small.yaml", "--keys", folder, "--output", "out");
  };
  program.write(`renamed/another.rsa.pub`, pem);
  program.write(`swapped/${name}`, OTHER_KEY.trusted.pem);
  for (const folder of ["renamed", "swapped"]) {
    const { code, err } = await build(folder);
    assertNotEquals(code, 0, folder);
    assertMatch(err, /error: .*\n(.*\n)*.*(sign|key)/, folder);
  }
  // Two names of one key: each is one; whichever signed is found by its name.
  program.write(`both/${name}`, pem);
  program.write("both/another.rsa.pub", pem);
  assertEquals((await build("both")).code, 0);
});

Deno.test("an index older than one that was read before is told, whatever the lock", async () => {
  using b = await built("keys");
  const { program } = b;
  const { LabRepository } = await import("../support/build/lab_repository.ts");
  const repository = new LabRepository(program.path("repository"));
  const publish = (buildTime: number) => {
    repository.listed = [];
    repository.add({ name: "base", version: "1.0-r0", buildTime });
    repository.publish();
  };
  program.write("base.yaml", smallManifest(program.path("repository"), { world: ["base"] }));
  const lock = () => {
    removeTree(program.path("other.lock.json"));
    return program.run(
      ...["lock", "base.yaml", "--keys", "repository/keys", "--lock", "other.lock.json"],
    );
  };
  publish(1_900_000_000);
  assert(!(await lock()).err.includes("older"));
  publish(1_800_000_000);
  const older =
    /^warning: the index of "[^"]+" is older than one that was read before: its newest package is of 2027-01-15, not 2030-03-17; /m;
  const told = await lock();
  assertEquals(told.code, 0, told.err);
  assertMatch(told.err, older);
  assertMatch((await lock()).err, older, "each time");
  publish(1_900_000_001);
  assert(!(await lock()).err.includes("older"));
});
