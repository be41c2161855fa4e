import { gunzipSync } from "node:zlib";
import { GZIP_LIBRARY } from "../../build/version.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { listDir } from "../../lib/files/files.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const OUTPUTS = [
  { kind: "tar", file: "small.tar" },
  { kind: "tar", file: "small.tar.gz", compression: "gzip" },
  { kind: "cpio", file: "small.cpio.gz" },
];
const FILES = [
  "SHA256SUMS",
  "record.json",
  "small-x86_64.lock.json",
  "small.tree.json",
  ...OUTPUTS.map((o) => o.file),
].sort();

/** A program with a repository and the manifest `small.yaml`, and its usual arguments. */
function prepared() {
  const program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder, { outputs: OUTPUTS }));
  const args = ["small.yaml", "--keys", "repository/keys", "--output", "out"] as const;
  return { program, repository, args, [Symbol.dispose]: () => program[Symbol.dispose]() };
}

// deno-lint-ignore no-explicit-any
const json = (text: string): any => JSON.parse(text);

Deno.test("build makes every output, a lock and a record, and tells the digests", async () => {
  using p = prepared();
  const { code, out, err } = await p.program.run("build", ...p.args);
  assertEquals(code, 0);
  const path = (file: string) => p.program.path(`out/${file}`);
  const lines = OUTPUTS.map(({ file }) => {
    return `${hashFile(path(file)).replace("sha256:", "")}  DIR/cwd/out/${file}\n`;
  });
  assertEquals(out, lines.join(""));
  assertEquals(listDir(p.program.path("out")), FILES);
  assertMatch(err, /^Reading package indexes: 4 packages known, /);
  for (const { file } of OUTPUTS) assertEquals(Deno.statSync(path(file)).mode! & 0o777, 0o644);

  const record = json(Deno.readTextFileSync(path("record.json")));
  const plan = json((await p.program.run("plan", ...p.args, "--json")).out);
  assertEquals([record.plan, record.lock, record.system], [plan.id, plan.lock, "small"]);
  assertEquals(
    record.artifacts,
    OUTPUTS.map(({ file }) => {
      const kind = file.includes(".tar") ? "tar" : "cpio";
      const told = {
        kind,
        tree: "root",
        file,
        mediaType: `application/x-${kind}`,
        digest: hashFile(path(file)),
        size: Deno.statSync(path(file)).size,
      };
      if (!file.endsWith(".gz")) return told;
      const raw = gunzipSync(Deno.readFileSync(path(file)));
      return {
        ...told,
        compression: { format: "gzip", tool: GZIP_LIBRARY },
        raw: { digest: digestOf(raw), size: raw.length },
      };
    }),
  );
  assertEquals(
    record.packages.map((x: { name: string }) => x.name),
    ["base", "greet", "hello", "hello-openrc"],
  );
});

Deno.test("with --json the events and the result are JSON, and an error is", async () => {
  using p = prepared();
  const built = await p.program.run("build", ...p.args, "--json");
  const events = built.err.trimEnd().split("\n").map(json);
  assert(events.some((e) => e.type === "step" && e.title === "Load packages"));
  const { folder, ...record } = json(built.out);
  assertEquals(folder, "DIR/cwd/out");
  const text = Deno.readTextFileSync(p.program.path("out/record.json"));
  assertEquals(record, json(text.replaceAll(p.program.env.dir, "DIR")));

  for (const command of ["lock", "plan", "show-tree"]) {
    const { code, out, err } = await p.program.run(command, ...p.args, "--json");
    assertEquals(code, 0);
    const values = out.trimEnd().split("\n").map(json);
    assertEquals(values.length > 1, command === "show-tree");
    for (const line of err.split("\n")) if (line !== "") json(line);
  }
  const failed = await p.program.run("build", "nothing", "--json");
  assertEquals([failed.code, failed.out], [1, ""]);
  const { hint, ...error } = json(failed.err);
  assertEquals(error, {
    type: "error",
    code: "not-found",
    messages: ['Cannot find system "nothing"'],
  });
  assertMatch(hint, /^the systems are .*\blab\b.*; a manifest file ends in \.yaml$/);
});

Deno.test("lock writes the lock that build takes, and keeps one that fits", async () => {
  using p = prepared();
  const made = await p.program.run("lock", ...p.args);
  assertMatch(
    made.out,
    /^sha256:[0-9a-f]{64} {2}DIR\/cwd\/out\/small-x86_64\.lock\.json {2}4 packages\n$/,
  );
  const file = p.program.path("out/small-x86_64.lock.json");
  const text = Deno.readTextFileSync(file);
  p.repository.add({ name: "hello", version: "3.0-r0" });
  p.repository.publish();
  assertEquals((await p.program.run("lock", ...p.args)).out, made.out);
  assertEquals((await p.program.run("lock", ...p.args, "--check")).out, made.out);
  assertEquals((await p.program.run("build", ...p.args, "--frozen")).code, 0);
  assertEquals(Deno.readTextFileSync(file), text);
  assertNotEquals((await p.program.run("lock", ...p.args, "--update")).out, made.out);
  assertMatch(Deno.readTextFileSync(file), /"version": "3.0-r0"/);
});

Deno.test("a lock that does not fit is made anew with a warning, or refused", async () => {
  using p = prepared();
  const refused = (why: string) => ({
    code: 1,
    error: [
      `error: Cannot use lock "DIR/cwd/out/small-x86_64.lock.json": ${why}`,
      "  hint: write it with tower-build lock SYSTEM, or build without --frozen",
    ],
  });
  const none = refused("it is not there");
  assertEquals(await p.program.fails("build", ...p.args, "--frozen"), none);
  assertEquals(await p.program.fails("lock", ...p.args, "--check"), none);
  await p.program.run("lock", ...p.args);
  p.program.write("small.yaml", smallManifest(p.repository.folder, { world: ["base"] }));
  const stale = refused("it was made for other packages, keys or repositories");
  assertEquals(await p.program.fails("build", ...p.args, "--frozen"), stale);
  assertEquals(await p.program.fails("lock", ...p.args, "--check"), stale);
  assertEquals(listDir(p.program.path("out")), ["small-x86_64.lock.json"]);
  const { code, err } = await p.program.run("build", ...p.args);
  assertEquals(code, 0);
  assertMatch(err, /^warning: lock ".*" no longer fits the manifest; choosing packages anew\n/);
});

Deno.test("a lock with a wrong field, a changed key or no JSON is refused with its name", async () => {
  using p = prepared();
  await p.program.run("lock", ...p.args, "--lock", "good.json");
  const good = json(Deno.readTextFileSync(p.program.path("good.json")));
  const HINT = "  hint: write a new one with tower-build lock SYSTEM --update";
  const [source] = good.sources;
  const [key] = source.keys;
  const but = (change: object) => ({ ...good, sources: [{ ...source, ...change }] });
  const cases: [lock: unknown, fault: string][] = [
    [{ ...good, version: 3 }, "version: must be 1 or 2"],
    [{ ...good, more: 1 }, ': Unrecognized key: "more"'],
    [but({ keys: [{ ...key, pem: `${key.pem}\n` }] }), `key ${key.name} was changed`],
    [
      but({ repositories: [] }),
      source.packages.map((x: { name: string }) =>
        `package ${x.name} names a repository that is not there`
      ).join("; "),
    ],
  ];
  for (const [lock, fault] of cases) {
    p.program.write("bad.json", JSON.stringify(lock));
    assertEquals(await p.program.fails("build", ...p.args, "--lock", "bad.json"), {
      code: 1,
      error: [`error: Cannot read lock "DIR/cwd/bad.json": ${fault}`, HINT],
    });
  }
  p.program.write("bad.json", "{");
  const { code, error } = await p.program.fails("build", ...p.args, "--lock", "bad.json");
  assertEquals([code, error[0]], [1, 'error: Cannot read lock "DIR/cwd/bad.json": it is not JSON']);
});

Deno.test("show-tree lists every entry with mode, owner, size and origin", async () => {
  using p = prepared();
  const { code, out } = await p.program.run("show-tree", ...p.args);
  assertEquals(code, 0);
  const lines = out.split("\n");
  for (
    const line of [
      "d0755 0 0 - stage:packages /",
      "-0640 0 0 19 package:base /etc/shadow",
      "d1777 0 0 - package:base /tmp",
      "-4755 0 0 21 package:hello /usr/bin/hello",
      "-0644 0 0 7 stage:packages /etc/apk/arch",
    ]
  ) assert(lines.includes(line), `${line}\n${out}`);
});

Deno.test("a build that nothing changed does nothing; any change of its files undoes that", async () => {
  using p = prepared();
  const first = await p.program.run("build", ...p.args);
  const path = p.program.path("out/small.tar");
  const states = () => FILES.map((f) => Deno.statSync(p.program.path(`out/${f}`)).mtime);
  const before = states();
  const unchanged = {
    code: 0,
    out: first.out,
    err: "nothing changed since the last build\n",
  };
  // No package is opened: neither their files nor their contents are there any more.
  Deno.removeSync(p.repository.folder + "/x86_64", { recursive: true });
  Deno.removeSync(`${p.program.env.cacheDir}/store/blobs`, { recursive: true });
  assertEquals(await p.program.run("build", ...p.args), unchanged);
  assertEquals(states(), before);

  using q = prepared();
  await q.program.run("build", ...q.args);
  for (
    const [damage, written] of [
      [() => Deno.utimeSync(q.program.path("out/small.tar"), 1, 1), ["small.tar"]],
      [() => Deno.truncateSync(q.program.path("out/small.tar"), 10), ["small.tar"]],
      [() => Deno.removeSync(q.program.path("out/small.tar")), ["small.tar"]],
      [() => Deno.writeTextFileSync(q.program.path("out/record.json"), "{}"), []],
    ] as const
  ) {
    damage();
    const again = await q.program.run("build", ...q.args);
    assertEquals([again.code, again.out], [0, first.out]);
    const names = [...again.err.matchAll(/^Writing (\S+): /gm)].map(([, name]) => name);
    assertEquals(names, [...written]);
    assertEquals((await q.program.run("verify", "out")).code, 0);
    assertEquals((await q.program.run("build", ...q.args)).err, unchanged.err);
  }
  assertEquals(hashFile(q.program.path("out/small.tar")), hashFile(path));
});

Deno.test("a changed overlay file changes the plan's id, its times and owners do not", async () => {
  using p = prepared();
  const stages = [{ kind: "files", overlay: "overlay" }];
  p.program.write("small.yaml", smallManifest(p.repository.folder, { stages }));
  p.program.write("overlay/etc/motd", "one\n");
  const planId = async () => json((await p.program.run("plan", ...p.args, "--json")).out).id;
  const one = await planId();
  const motd = p.program.path("overlay/etc/motd");
  Deno.utimeSync(motd, 1, 1);
  Deno.chmodSync(motd, 0o600);
  assertEquals(await planId(), one);
  p.program.write("overlay/etc/motd", "two\n");
  assertNotEquals(await planId(), one);
  p.program.write("overlay/etc/motd", "one\n");
  p.program.write("overlay/etc/more", "");
  assertNotEquals(await planId(), one);
});

Deno.test("verify tells an artifact that changed, one that is missing, and a bad record", async () => {
  using p = prepared();
  await p.program.run("build", ...p.args);
  assertEquals(await p.program.run("verify", "out"), {
    code: 0,
    out: "small.tar: ok\nsmall.tar.gz: ok\nsmall.cpio.gz: ok\nsmall.tree.json: ok\n",
    err: "no signature was checked: --key FILE names the signer's public key\n",
  });
  const tar = p.program.path("out/small.tar");
  const bytes = Deno.readFileSync(tar);
  bytes[600]! ^= 1;
  Deno.writeFileSync(tar, bytes);
  Deno.removeSync(p.program.path("out/small.cpio.gz"));
  assertEquals(await p.program.run("verify", "out"), {
    code: 1,
    out: "small.tar: changed\nsmall.tar.gz: ok\nsmall.cpio.gz: missing\nsmall.tree.json: ok\n",
    err: 'error: Cannot trust "DIR/cwd/out": small.tar is changed, small.cpio.gz is missing\n',
  });
  const told = await p.program.run("verify", "out", "--json");
  assertEquals(json(told.out).artifacts.map((a: { state: string }) => a.state), [
    "changed",
    "ok",
    "missing",
    "ok",
  ]);
  assertEquals(json(told.err).code, "untrusted");

  p.program.write("out/record.json", "{}");
  const { code, error } = await p.program.fails("verify", "out");
  assertEquals(code, 1);
  assertMatch(error.join("\n"), /^error: Cannot read record "DIR\/cwd\/out\/record.json": version/);
  assertEquals(await p.program.fails("verify", "nowhere"), {
    code: 1,
    error: [
      'error: Cannot verify "DIR/cwd/nowhere": there is no such folder',
      "  hint: name the folder of a build, such as ~/.cache/tower/builds/lab-x86_64",
    ],
  });
});

Deno.test("the folder for the artifacts is dist, builds, or one in the cache", async () => {
  using p = prepared();
  const build = async () => {
    const { out } = await p.program.run("build", "small.yaml", "--keys", "repository/keys");
    return / {2}(.*)\/small\.tar\n/.exec(out)?.[1];
  };
  assertEquals(await build(), "DIR/cache/builds/small-x86_64");
  Deno.mkdirSync(p.program.path("builds"));
  assertEquals(await build(), "DIR/cwd/builds/small-x86_64");
  Deno.mkdirSync(p.program.path("dist"));
  assertEquals(await build(), "DIR/cwd/dist/small-x86_64");
});

Deno.test("a record that names a file elsewhere is not followed", async () => {
  using p = prepared();
  await p.program.run("build", ...p.args);
  const path = p.program.path("out/record.json");
  const record = json(Deno.readTextFileSync(path));
  record.artifacts[0].file = "../small.yaml";
  Deno.writeTextFileSync(path, JSON.stringify(record));
  const { code, error } = await p.program.fails("verify", "out");
  assertEquals(code, 1);
  assertMatch(error.join(), /artifacts\.0\.file/);
});

Deno.test("names tell version and time; what the build before left goes, nothing else", async () => {
  using program = new TestProgram();
  program.repository();
  const args = ["build", "m.yaml", "--keys", "repository/keys", "--output", "out"];
  const build = async (version: string) => {
    const outputs = [{ kind: "tar", file: "small-{version}-{timestamp}.tar" }];
    const manifest = JSON.parse(smallManifest(program.path("repository"), { outputs }));
    program.write("m.yaml", JSON.stringify({ ...manifest, version }));
    const { code, out, err } = await program.run(...args);
    assertEquals(code, 0, err);
    return /small-\S*/.exec(out)![0];
  };
  const first = await build("1.0");
  assertMatch(first, /^small-1\.0-\d{14}\.tar$/);
  program.write("out/mine.tar", "");
  program.write("out/SHA256SUMS.sig", "of the build before");
  const second = await build("2.0");
  assertEquals(second, first.replace("1.0", "2.0"));
  assertEquals(listDir(program.path("out")), [
    "SHA256SUMS",
    "mine.tar",
    "record.json",
    second,
    "small-x86_64.lock.json",
    "small.tree.json",
  ]);
  program.write(
    "m.yaml",
    smallManifest(program.path("repository"), {
      outputs: [{ kind: "tar", file: "small-{version}.tar" }],
    }),
  );
  assertMatch(
    (await program.fails(...args)).error[1]!,
    /: outputs\[0\]\.file: an output is named "small-\{version\}\.tar", and there is no "version"$/,
  );
});

Deno.test("D7: packages that an index has older than the lock are told", async () => {
  using p = prepared();
  assertEquals((await p.program.run("lock", ...p.args)).code, 0);
  p.repository.listed = p.repository.listed.filter(({ name }) => name !== "greet");
  p.repository.add({ name: "greet", version: "0.9-r1", provides: ["so:libgreet.so.1=1.1"] });
  p.repository.publish();
  const { code, err } = await p.program.run("lock", ...p.args, "--update");
  assertEquals(code, 0, err);
  assertMatch(err, /^warning: older than in the last lock: greet 1\.0-r0 -> 0\.9-r1; /m);
  const again = await p.program.run("lock", ...p.args, "--update");
  assert(!again.err.includes("older than"), again.err);
});

Deno.test("a build clears what a killed one left under other names, and nobody else's files", async () => {
  using p = prepared();
  const left = [".small-0.9-20260101.img.zst.raw.4711-0.tmp", ".small.img.4711-1.tmp"];
  const kept = [".small.tmp", "small.img.4711-0.tmp", ".small.img.x-0.tmp"];
  const living = ".other.img.4712-0.tmp";
  for (const name of [...left, ...kept, living]) p.program.write(`out/${name}`, "bytes");
  using file = Deno.openSync(p.program.path(`out/${living}`));
  file.lockSync(true);
  assertEquals((await p.program.run("build", ...p.args)).code, 0);
  const there = listDir(p.program.path("out"));
  assertEquals(there.filter((name) => name.endsWith(".tmp")), [...kept, living].sort());
  assertEquals((await p.program.run("build", ...p.args)).code, 0);
});
