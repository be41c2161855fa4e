import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Identity } from "../../lib/apk/identity.ts";
import type { Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { manifestDocument } from "../manifest/schema.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { ApkSource, LockedPackage } from "../sources/apk_lock.ts";
import type { Lock } from "./lock.ts";
import type { OverlayFile } from "../stages/stage.ts";
import { treesIn } from "../manifest/trees.ts";
import { makePlan } from "./plan.ts";

const digest = `sha256:${"1".repeat(64)}` as Digest;

const placeOf = () => "demo.yaml:1:1";

function manifest(change: Record<string, unknown> = {}): Manifest {
  const document = manifestDocument.parse({
    name: "demo",
    arches: ["x86_64"],
    repositories: ["lab"],
    stages: [
      { kind: "packages", world: ["busybox"] },
      { kind: "files", overlay: "overlay" },
      { kind: "packages", world: ["openrc"] },
    ],
    outputs: [{
      kind: "disk",
      file: "demo.img",
      table: "gpt",
      boot: { free: "1MiB" },
      root: { free: "1MiB" },
      loaders: ["syslinux"],
      flavour: "virt",
      initramfs: "/boot/initramfs-virt",
      cmdline: "quiet",
    }],
    ...change,
  });
  return {
    name: document.name,
    description: "",
    version: document.version,
    arches: document.arches!,
    repositories: document.repositories!.map((spec) => ({ spec, placeOf })),
    sources: new Map(),
    trees: [...treesIn(document, "/systems", placeOf).values()],
    outputs: document.outputs!.map((spec) => ({ spec, placeOf })),
  };
}

function source(change: Partial<LockedPackage> = {}): ApkSource {
  const locked = { identity: "Q1A=" as Identity, digest, size: 1 };
  return {
    kind: "apk",
    name: "root",
    inputs: digest,
    repositories: [
      { name: "lab", index: digest },
      { name: "https://x/edge", tag: "edge", index: digest },
    ],
    keys: [{ name: "k.rsa.pub", digest: digestOf("pem"), pem: "pem" }],
    packages: [
      { ...locked, name: "a", version: "1", repository: 0, buildTime: 100, ...change },
      { ...locked, name: "b", version: "2", repository: 1, buildTime: 300 },
    ],
  };
}

function lock(change: Partial<LockedPackage> = {}): Lock {
  return { version: 2, arch: "x86_64", sources: [source(change)] };
}

Deno.test("makePlan() puts one packages stage first, with the world of all", () => {
  const plan = makePlan(manifest(), lock(), new Map());
  assertEquals(plan.trees[0]!.stages.map((s) => s.kind), ["packages", "files"]);
  const [packages] = plan.trees[0]!.stages;
  assert(packages?.kind === "packages");
  assertEquals(packages.world, ["busybox", "openrc"]);
  assertEquals(packages.repositories, ["@edge https://x/edge"]);
  assertEquals(packages.tags, { b: "edge" });
});

Deno.test("makePlan() takes the newest package's time for its epoch", () => {
  assertEquals(makePlan(manifest(), lock(), new Map()).epoch, 300);
  assertEquals(makePlan(manifest(), lock({ buildTime: 900 }), new Map()).epoch, 900);
});

Deno.test("a tree's time is that of what it is made of, so that another's packages leave it as it is", () => {
  const packages = { kind: "packages", world: ["openrc"] };
  const trees = {
    tool: { stages: [packages] },
    more: { from: "root" },
    both: { difference: { from: "root", to: "more" } },
    plain: { stages: [{ kind: "files" }] },
    medium: {
      stages: [{ kind: "embed", output: { kind: "tar", file: "tool.tar", tree: "tool" } }],
    },
  };
  const planned = (buildTime: number) => {
    const tool = { ...source({ buildTime }), name: "tool" };
    return makePlan(manifest({ trees }), { ...lock(), sources: [source(), tool] }, new Map());
  };
  const [before, after] = [planned(200), planned(900)];
  assertEquals([before.epoch, after.epoch], [300, 900]);
  assertEquals(Object.fromEntries(after.trees.map(({ name, epoch }) => [name, epoch])), {
    ...{ root: 300, tool: 900, more: 300, both: 300, plain: 900, medium: 900 },
  });
  assertEquals(
    before.trees.filter(({ id }, i) => id === after.trees[i]!.id).map(({ name }) => name),
    ["root", "more", "both"],
  );
  assertEquals(before.outputs, after.outputs);
});

Deno.test("a plan's id depends on what is built, not on where packages came from", () => {
  const plan = makePlan(manifest(), lock(), new Map());
  assertEquals(makePlan(manifest(), lock(), new Map()), plan);
  const elsewhere: Lock = {
    ...lock(),
    sources: [{ ...source(), inputs: digestOf("other") }],
  };
  assertEquals(makePlan(manifest(), elsewhere, new Map()).id, plan.id);
  assertNotEquals(makePlan(manifest(), elsewhere, new Map()).lock, plan.lock);
  assertNotEquals(makePlan(manifest(), lock({ digest: digestOf("other") }), new Map()).id, plan.id);
});

Deno.test("an overlay's file changes the id and every UUID", () => {
  const system = manifest();
  const file: OverlayFile = { path: "etc/motd", digest, size: 1, executable: false };
  const plans = [[], [file]].map((files) =>
    makePlan(system, lock(), new Map([[system.trees[0]!.stages[1]!, files]]))
  );
  const [without, withFile] = plans.map((p) => p.outputs[0]!);
  assert(without?.kind === "disk" && withFile?.kind === "disk");
  const [uuids, others] = [without, withFile].map((plan) =>
    new Set(JSON.stringify(plan).match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g))
  );
  // Of the disk, of two partitions, of the root's file system and of its hashes; not of types.
  assertEquals(uuids!.difference(others!).size, 5);
  assertMatch(without.boot!.cmdline, /^root=UUID=\S+ rootfstype=ext4 quiet$/);
});
