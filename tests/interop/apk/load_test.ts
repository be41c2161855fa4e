import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { hexOf } from "../../../lib/bytes/digest.ts";
import type { Event } from "../../../lib/report/event.ts";
import { type FileStore, openStore } from "../../../lib/store/content_store.ts";
import { listDir, tempDir } from "../../../lib/files/files.ts";
import { type LoadContext, loadPackages } from "../../../lib/packages/package_loader.ts";
import type { PackageRequest } from "../../../lib/packages/request.ts";
import { PATIENCE } from "../../../lib/fetch/patience.ts";
import { makeKey, makePackage } from "../../support/apk/small_packages.ts";

const key = makeKey("test-1.rsa");
const stranger = makeKey("stranger-1.rsa");

/** Packages enough for workers to start, in a temporary folder. */
function fixture(sizes: readonly number[] = [900_000, 5_000_000, 1000, 2_000_000]) {
  const dir = tempDir();
  const packages = `${dir.path}/packages`;
  Deno.mkdirSync(packages);
  using scratch = openStore(`${dir.path}/scratch`);
  const requests = sizes.map((size, i) => makePackage(packages, `p${i}`, size, key, scratch));
  const store = openStore(`${dir.path}/store`);
  return {
    dir: dir.path,
    packages,
    requests,
    store,
    [Symbol.dispose]() {
      store[Symbol.dispose]();
      dir[Symbol.dispose]();
    },
  };
}

function context(store: FileStore, changes: Partial<LoadContext> = {}): LoadContext {
  return {
    store,
    policy: { offline: false, patience: PATIENCE },
    keys: [key.publicKey],
    jobs: 2,
    worthWorkers: 1 << 20,
    reporter: { report() {} },
    signal: new AbortController().signal,
    ...changes,
  };
}

const nameOf = (request: PackageRequest) => request.expect.name;

function assertNothingUnfinished(store: FileStore): void {
  using _other = openStore(store.folder);
  const tmp = `${store.folder}/tmp`;
  assertEquals(listDir(tmp).flatMap((session) => listDir(`${tmp}/${session}`)), []);
}

Deno.test("packages come in the order of the requests, alike with workers and without", async () => {
  using f = fixture();
  const events: Event[] = [];
  const reporter = { report: (event: Event) => void events.push(event) };
  const inWorkers = await loadPackages(f.requests, context(f.store, { reporter }));
  using other = openStore(`${f.dir}/other`);
  const here = await loadPackages(f.requests, context(other, { jobs: 1 }));
  assertEquals(inWorkers.map((p) => p.info.name), f.requests.map(nameOf));
  assertEquals(inWorkers, here);
  assertEquals(f.store.verify(), []);
  for (const { data } of inWorkers) assertEquals(f.store.sizeOf(data), other.sizeOf(data));
  assertNothingUnfinished(f.store);
  const total = f.requests.reduce((sum, r) => sum + r.expect.size, 0);
  assertEquals(events.filter((e) => e.type === "progress").at(-1)?.done, total);
  assertEquals(events.at(-1)?.type, "done");
});

Deno.test("what the store has is not read again, and is never copied from a file", async () => {
  using f = fixture([1000, 2000]);
  const first = await loadPackages(f.requests, context(f.store));
  Deno.removeSync(f.packages, { recursive: true });
  assertEquals(await loadPackages(f.requests, context(f.store)), first);
  for (const { digest } of first) assert(!f.store.has(digest));
});

Deno.test("a data blob that is gone or short is loaded again", async () => {
  using f = fixture([1000, 2000]);
  const [a, b] = await loadPackages(f.requests, context(f.store));
  f.store.remove(a!.data);
  const hex = hexOf(b!.data);
  const path = `${f.store.folder}/blobs/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
  Deno.chmodSync(path, 0o644);
  Deno.truncateSync(path, 10);
  assertEquals(await loadPackages(f.requests, context(f.store)), [a!, b!]);
  assertEquals(f.store.verify(), []);
});

Deno.test("a package in the store is refused once its key is no longer trusted", async () => {
  using f = fixture([1000]);
  await loadPackages(f.requests, context(f.store));
  const error = await assertRejects(
    () => loadPackages(f.requests, context(f.store, { keys: [stranger.publicKey] })),
    TowerError,
  );
  assertEquals(error.code, "untrusted");
});

Deno.test("a package in the store is not taken for another digest", async () => {
  using f = fixture([1000]);
  const [loaded] = await loadPackages(f.requests, context(f.store));
  const [request] = f.requests;
  const right = { ...request!, expect: { ...request!.expect, digest: loaded!.digest } };
  const wrong = { ...request!, expect: { ...request!.expect, digest: loaded!.data } };
  await loadPackages([right], context(f.store));
  const error = await assertRejects(() => loadPackages([wrong], context(f.store)), TowerError);
  assertEquals(error.code, "untrusted");
});

for (const jobs of [1, 2]) {
  Deno.test(`one bad package ends all, code and hint kept, nothing left (jobs ${jobs})`, async () => {
    using f = fixture();
    const path = `${f.packages}/p3-1.0-r0.apk`;
    using file = Deno.openSync(path, { read: true, write: true });
    file.seekSync(-100_000, Deno.SeekMode.End);
    file.writeSync(new Uint8Array(16));
    const error = await assertRejects(
      () => loadPackages(f.requests, context(f.store, { jobs })),
      TowerError,
    );
    assert(["untrusted", "malformed"].includes(error.code), error.code);
    assertStringIncludes(error.message, "p3-1.0-r0");
    assertNothingUnfinished(f.store);
    assertEquals(f.store.verify(), []);
  });
}

Deno.test("an unsigned-for package names what is wrong through the worker boundary", async () => {
  using f = fixture();
  const error = await assertRejects(
    () => loadPackages(f.requests, context(f.store, { keys: [stranger.publicKey] })),
    TowerError,
  );
  assertEquals(error.code, "untrusted");
  assertNothingUnfinished(f.store);
});

Deno.test("offline names every package that only the network has, and asks nobody", async () => {
  using f = fixture([1000, 2000, 3000]);
  const [local, ...others] = f.requests;
  const remote = others.map((r) => ({ ...r, url: `http://u:p@127.0.0.1:9/${nameOf(r)}.apk` }));
  const policy = { offline: true, patience: PATIENCE };
  const error = await assertRejects(
    () => loadPackages([local!, ...remote], context(f.store, { policy })),
    TowerError,
  );
  assertEquals(error.code, "offline");
  assertStringIncludes(error.message, "Cannot load 2 packages");
  assertStringIncludes(error.message, 'p1-1.0-r0 from "http://***@127.0.0.1:9/p1.apk"');
  assertStringIncludes(error.message, "p2-1.0-r0");
  assertEquals((await loadPackages([local!], context(f.store, { policy }))).length, 1);
});

Deno.test("a signal ends the workers and leaves nothing unfinished", async () => {
  using f = fixture();
  const abort = new AbortController();
  const reporter = {
    report: (event: Event) => event.type === "progress" && abort.abort(),
  };
  const error = await assertRejects(
    () => loadPackages(f.requests, context(f.store, { signal: abort.signal, reporter })),
    TowerError,
  );
  assertEquals(error.code, "interrupted");
  assertNothingUnfinished(f.store);
});

for (const jobs of [1, 2]) {
  Deno.test(`packages come over HTTP; a missing one is told by its URL (jobs ${jobs})`, async () => {
    using f = fixture();
    const stop = new AbortController();
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", signal: stop.signal, onListen() {} },
      async (request) => {
        const path = f.packages + new URL(request.url).pathname;
        try {
          return new Response((await Deno.open(path)).readable);
        } catch {
          return new Response(null, { status: 404 });
        }
      },
    );
    const base = `http://127.0.0.1:${server.addr.port}`;
    const remote = f.requests.map((r) => ({ ...r, url: `${base}/${nameOf(r)}-1.0-r0.apk` }));
    const loaded = await loadPackages(remote, context(f.store, { jobs }));
    assertEquals(loaded.map((p) => p.info.name), f.requests.map(nameOf));
    using empty = openStore(`${f.dir}/empty`);
    Deno.removeSync(`${f.packages}/p1-1.0-r0.apk`);
    const error = await assertRejects(
      () => loadPackages(remote, context(empty, { jobs })),
      TowerError,
    );
    assertEquals(error.code, "not-found");
    assertStringIncludes(error.message, `${base}/p1-1.0-r0.apk`);
    assertNothingUnfinished(empty);
    stop.abort();
    await server.finished;
  });
}
