import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { readExactly } from "../../../lib/bytes/bytes.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { openStore } from "../../../lib/store/content_store.ts";
import { listDir, tempDir } from "../../../lib/files/files.ts";
import { cleanStore } from "../../../lib/store/store_cleaning.ts";

const DAY = 24 * 3600_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const signal = new AbortController().signal;
const dayOld = (folder: string, dryRun = false) =>
  cleanStore(folder, { unusedSince: Date.now() - DAY, dryRun, signal });

function age(path: string): void {
  const { isDirectory } = Deno.lstatSync(path);
  if (isDirectory) { for (const name of listDir(path)) age(`${path}/${name}`); }
  else Deno.utimeSync(path, 1, 1);
}

Deno.test("cleaning takes what was not used for a day, and whatever is used is used now", async () => {
  using dir = tempDir();
  {
    using store = openStore(dir.path);
    for (const name of ["had", "read", "put", "written", "unused"]) store.put(bytes(name));
    for (const name of ["read", "written", "unused"]) store.writeNote("kind", name, { name });
  }
  age(dir.path);
  {
    using store = openStore(dir.path);
    assert(store.has(digestOf("had")));
    readExactly(store.open(digestOf("read")), 0, 4);
    store.put(bytes("put"));
    const writer = store.writer();
    writer.write(bytes("written"));
    writer.commit();
    assertEquals(store.readNote("kind", "read"), { name: "read" });
    store.writeNote("kind", "written", {});
    store.verify(); // is no use
    const told = await dayOld(dir.path, true);
    assertEquals(told.removed.blobs, { files: 1, bytes: 6 });
    assertEquals(await dayOld(dir.path), told);
    const { before, removed } = await dayOld(dir.path);
    assertEquals([before.blobs, removed.blobs.files], [{ files: 4, bytes: 17 }, 0]);
    assert(!store.has(digestOf("unused")));
    assertEquals(store.verify(), []);
    assertEquals(listDir(`${dir.path}/notes/kind`), ["read.note", "written.note"]);
  }
});

Deno.test("a store that is not there has nothing, and none is made", async () => {
  using dir = tempDir();
  const { before } = await dayOld(`${dir.path}/store`);
  assertEquals(before.blobs, { files: 0, bytes: 0 });
  assertEquals(listDir(dir.path), []);
  openStore(`${dir.path}/store`).put(bytes("x"));
  const stopped = cleanStore(`${dir.path}/store`, {
    unusedSince: 0,
    dryRun: false,
    signal: AbortSignal.abort(new TowerError("interrupted", "stop")),
  });
  assertEquals((await assertRejects(() => stopped, TowerError)).code, "interrupted");
});

Deno.test("what killed commands left unfinished goes, what runs stays", async () => {
  using dir = tempDir();
  const child = startChild("hang", dir.path);
  const reader = child.stdout.getReader();
  await reader.read();
  assertEquals((await dayOld(dir.path)).before.unfinished, { files: 1, bytes: 1 << 20 });
  assertEquals((await dayOld(dir.path)).before.unfinished.files, 1);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assertEquals((await dayOld(dir.path)).removed.unfinished, { files: 1, bytes: 1 << 20 });
  assertEquals(listDir(`${dir.path}/tmp`), []);
});

Deno.test("a blob that another process has found is there until it has used it", async () => {
  using dir = tempDir();
  openStore(dir.path)[Symbol.dispose]();
  const child = startChild("use", dir.path);
  let isRunning = true;
  const output = new Response(child.stdout).text().finally(() => isRunning = false);
  let removed = 0;
  while (isRunning) removed += (await dayOld(dir.path)).removed.blobs.files;
  const { lost, made } = JSON.parse(await output);
  assertEquals(lost, []);
  assertEquals((await child.status).code, 0);
  assert(removed >= 30 && made >= removed, `${removed} were removed, ${made} made`);
});

function startChild(task: string, path: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", childProgram, task, path, ""],
    stdout: "piped",
  }).spawn();
}

const childProgram = new URL("../../support/program/store_child.ts", import.meta.url).pathname;
