import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { interpret, type Interpretation } from "../../../lib/apk/scripts/interpret.ts";
import { ScriptWorld } from "../../../lib/apk/scripts/script_world.ts";
import type { UnpackedPackage } from "../../../lib/apk/types.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import {
  alpineRepository,
  packagesOf,
  repositoryMissing,
} from "../../support/apk/alpine_repository.ts";
import { differences, listTree } from "../../support/format/disk_tree.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { realPackages } from "../../support/apk/real_packages.ts";
import { rootOf } from "../../support/script_facts/base_root.ts";
import type { ScriptFact } from "../../support/script_facts/script_fact.ts";
import { SCRIPT_FACTS } from "../../support/script_facts/script_facts.ts";
import { inlineOnly } from "../../support/tree/small_tree.ts";

/** Does a fact's script, real or our own, on the fact's root. */
function follow(fact: ScriptFact, script: Uint8Array) {
  const tree = rootOf(fact);
  const around = { tree, reader: inlineOnly, epoch: 1e9, later: new Set(""), written: new Set("") };
  const result = interpret(script, fact.args, new ScriptWorld(around, `package:${fact.package}`));
  return { result, list: listTree(tree, inlineOnly) };
}

/** What a script comes to, beside what the fact says; nothing where both agree. */
function disagreements(fact: ScriptFact, script: Uint8Array): string[] {
  const { result, list } = follow(fact, script);
  const reference = follow(fact, new TextEncoder().encode(fact.own[0])).list;
  return [
    ...(result.did === fact.did ? [] : [`${result.did} for ${fact.did}: ${saidBy(result)}`]),
    ...(agrees(fact, result) ? [] : [`"${saidBy(result)}" for "${fact.says}"`]),
    ...differences(list, reference),
  ].map((line) => `${fact.package} ${fact.script}: ${line}`);
}

const saidBy = (result: Interpretation) =>
  result.did === "undecided" ? result.cause : result.detail;

/** The order of what was done is the script's own matter. */
function agrees({ says }: ScriptFact, result: Interpretation): boolean {
  if (says === undefined) return true;
  if (result.did === "undecided") return result.cause.includes(says);
  const parts = (text: string) => text.split(", ").sort().join(", ");
  return parts(says) === parts(result.detail);
}

/** A script that somebody else wrote. */
interface RealScript {
  readonly package: string;
  readonly script: string;
  readonly bytes: Uint8Array;
}

/** What real scripts have that the table has not, or come to something else by. */
function judge(scripts: readonly RealScript[]): string[] {
  return scripts.flatMap(({ package: name, script, bytes }) => {
    const digest = digestOf(bytes).replace(/^sha256:/, "");
    const fact = SCRIPT_FACTS.find((f) =>
      f.package === name && f.script === script && f.texts.includes(digest)
    );
    if (fact) return disagreements(fact, bytes);
    return [`${name} ${script}: the table has no ${digest}`];
  });
}

/** Those scripts of packages that a fresh install may run. */
function scriptsOf(packages: readonly UnpackedPackage[]): RealScript[] {
  return packages.flatMap(({ info: { name }, scripts }) =>
    scripts.filter(({ kind }) => ["pre-install", "post-install", "trigger"].includes(kind))
      .map(({ kind, base64 }) => ({
        package: name,
        script: kind,
        bytes: Uint8Array.fromBase64(base64),
      }))
  );
}

Deno.test("what is known of Alpine's scripts is told once, and each has others in our words", () => {
  const texts = SCRIPT_FACTS.flatMap((fact) => fact.texts);
  assertEquals(texts.length, new Set(texts).size);
  assertEquals(texts.filter((text) => !/^[0-9a-f]{64}$/.test(text)), []);
  const own = SCRIPT_FACTS.flatMap((fact) => fact.own);
  const known = own.map((text) => digestOf(new TextEncoder().encode(text)).slice("sha256:".length));
  assertEquals(known.filter((digest) => texts.includes(digest)), [], "no text of others");
  assertEquals(SCRIPT_FACTS.filter((fact) => fact.own.length === 0), []);
});

Deno.test("a script that is written anew comes to the same as the real one", () => {
  const found = SCRIPT_FACTS.flatMap((fact) =>
    fact.own.flatMap((text) =>
      disagreements(fact, new TextEncoder().encode(text)).map((line) => `${line}\n${text}`)
    )
  );
  assertEquals(found, []);
});

const noRelease = oracleMissing() ?? repositoryMissing();

Deno.test({
  name: "the real scripts of 3.19.1 and 3.20.3 are in the table, and come to what it says" +
    (noRelease ? ` (skipped: ${noRelease})` : ""),
  ignore: noRelease !== undefined,
  async fn() {
    const repository = alpineRepository();
    const LEFT_OUT = ["vlan", "network-extras"]; // they conflict with others
    const world = repository.names.filter((name) => !LEFT_OUT.includes(name));
    const older = scriptsOf(await packagesOf(repository, world, new MemoryStore()));
    const newer = scriptsOf(realPackages(oracleData()!, "x86_64").packages);
    assert(older.length >= 8 && newer.length >= 4, `${older.length} and ${newer.length} scripts`);
    assertEquals(judge([...older, ...newer]), []);
  },
});

/** A folder of real texts, as `SECTION-ORIGIN/PACKAGE.SCRIPT`, with more behind for other versions. */
const aports = Deno.env.get("TOWER_APORTS");

Deno.test({
  name: "the real scripts of a folder are in the table, and come to what it says" +
    (aports ? "" : " (skipped: no folder; set TOWER_APORTS)"),
  ignore: aports === undefined,
  fn() {
    const scripts: RealScript[] = [];
    for (const { name: origin, isDirectory } of Deno.readDirSync(aports!)) {
      for (const { name } of isDirectory ? Deno.readDirSync(join(aports!, origin)) : []) {
        const [, owner, script] = /^(.+)\.(pre-install|post-install|trigger)(?:\.|$)/.exec(name) ??
          [];
        const bytes = Deno.readFileSync(join(aports!, origin, name));
        // A link in the repository is stored as its target's name.
        const isLink = bytes.length < 100 && bytes[0] !== 0x23;
        if (owner && script && !isLink) scripts.push({ package: owner, script, bytes });
      }
    }
    assert(scripts.length > 0, `no scripts in ${aports}`);
    assertEquals(judge(scripts), []);
  },
});
