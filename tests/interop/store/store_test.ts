import { inOneBreath } from "../../../lib/breathe.ts";
import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { ownKey } from "../../../build/boot/own_key.ts";
import type { Digest } from "../../../lib/brand.ts";
import { TowerError } from "../../../lib/errors.ts";
import { readExactly } from "../../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import type { Event } from "../../../lib/report/event.ts";
import { createArtifact, hashFile } from "../../../lib/files/artifact_file.ts";
import { openStore } from "../../../lib/store/content_store.ts";
import {
  exists,
  fileState,
  isSameState,
  listDir,
  readBytes,
  readText,
  removeTree,
  tempDir,
  writeFileAtomic,
} from "../../../lib/files/files.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";
import { lockFile, waitForLock } from "../../../lib/files/lock_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o7777;
const blobPath = (folder: string, blob: Digest) =>
  `${folder}/blobs/sha256/${hexOf(blob).slice(0, 2)}/${hexOf(blob).slice(2)}`;

Deno.test("the store names a blob by its SHA-256 and gives its bytes back at any offset", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  const writer = store.writer();
  for (let i = 0; i < 1000; i++) writer.write(bytes(`line ${i}\n`));
  const { digest, size } = writer.commit();
  writer.discard();
  const source = store.open(digest);
  assertEquals(source.size, size);
  assertEquals(digestOf(readExactly(source, 0, size)), digest);
  assertEquals(new TextDecoder().decode(readExactly(source, 7, 6)), "line 1");
  assertEquals(source.readAt(size, new Uint8Array(9)), 0);
  assertEquals(source.readAt(size - 2, new Uint8Array(9)), 2);
});

Deno.test("a blob may be written in any order, with holes", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  const random = randomNumbers(4);
  for (let round = 0; round < 50; round++) {
    const writer = store.writer();
    let expected = new Uint8Array();
    const resize = (size: number) => {
      const grown = new Uint8Array(size);
      grown.set(expected.subarray(0, size));
      expected = grown;
    };
    for (let i = random.below(12); i > 0; i--) {
      const piece = Uint8Array.from({ length: random.below(20) }, () => random.below(256));
      const offset = random.pick([expected.length, random.below(100)]);
      const what = random.below(6);
      if (what === 0) {
        resize(offset);
        writer.setSize(offset);
      } else if (what === 1) {
        const into = new Uint8Array(8);
        const n = writer.readAt(offset, into);
        assertEquals(into.subarray(0, n), expected.subarray(offset, offset + 8));
      } else if (piece.length > 0) {
        resize(Math.max(expected.length, offset + piece.length));
        expected.set(piece, offset);
        writer.writeAt(offset, piece);
      }
    }
    const { digest, size } = writer.commit();
    assertEquals([digest, size], [digestOf(expected), expected.length]);
    assertEquals(readExactly(store.open(digest), 0, size), expected);
  }
});

Deno.test("modes are the same under every umask", () => {
  using dir = tempDir();
  const old = Deno.umask(0o077);
  try {
    using store = openStore(`${dir.path}/store`);
    const blob = store.put(bytes("x"));
    store.writeNote("kind", "name", {});
    assertEquals(modeOf(blobPath(store.folder, blob)), 0o444);
    assertEquals(modeOf(`${store.folder}/notes/kind/name.note`), 0o644);
    assertEquals(modeOf(`${store.folder}/notes/kind`), 0o755);
    writeFileAtomic(`${dir.path}/new/file`, bytes("x"), 0o600);
    assertEquals(modeOf(`${dir.path}/new/file`), 0o600);
    assertEquals(modeOf(`${dir.path}/new`), 0o755);
  } finally {
    Deno.umask(old);
  }
});

Deno.test("notes of any name stay inside the store, and a torn note is no note", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  for (const name of ["Q1ab/+=", "sha256:00", "../../../x", "é"]) {
    store.writeNote("unpacked", name, { name });
    assertEquals(store.readNote("unpacked", name), { name });
  }
  assertEquals(listDir(`${dir.path}/notes`), ["unpacked"]);
  assertEquals(listDir(`${dir.path}/notes/unpacked`).length, 4);
  for (const [kind, name] of [["../x", "a"], ["k", ".."], ["k", ""], ["k", "a".repeat(300)]]) {
    assertThrows(() => store.writeNote(kind!, name!, 1), RangeError);
  }
  const note = (name: string) => `${dir.path}/notes/unpacked/${name}.note`;
  store.writeNote("unpacked", "whole", { a: "value" });
  const text = readText(note("whole"), 1024);
  for (let length = 0; length < text.length; length++) {
    Deno.writeTextFileSync(note("torn"), text.slice(0, length));
    assertEquals(store.readNote("unpacked", "torn"), undefined);
    Deno.writeTextFileSync(note("whole"), text.slice(0, length));
    assertEquals(store.readNote("unpacked", "whole"), undefined);
  }
  Deno.writeTextFileSync(note("whole"), text);
  assertEquals(store.readNote("unpacked", "whole"), { a: "value" });
});

Deno.test("a changed note and a note in another's place are no notes, and are told", () => {
  using dir = tempDir();
  const events: Event[] = [];
  using store = openStore(dir.path, { report: (event) => void events.push(event) });
  const path = (name: string) => `${dir.path}/notes/kind/${name}.note`;
  for (const name of ["one", "two"]) store.writeNote("kind", name, { mode: 0o755 });
  Deno.writeTextFileSync(path("one"), readText(path("one"), 1024).replace("493", "511"));
  assertEquals(store.readNote("kind", "one"), undefined);
  Deno.copyFileSync(path("two"), path("one"));
  assertEquals(store.readNote("kind", "one"), undefined);
  assertEquals(store.readNote("kind", "two"), { mode: 0o755 });
  const message = `note "${path("one")}" of the store was damaged: it is made anew`;
  assertEquals(events, [{ type: "warning", message }, { type: "warning", message }]);
});

Deno.test("a writer mends a damaged blob of the same size", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  const write = () => {
    const writer = store.writer();
    writer.write(bytes("content"));
    return writer.commit().digest;
  };
  const blob = write();
  readExactly(store.open(blob), 0, 7); // its descriptor is open from now on
  Deno.chmodSync(blobPath(dir.path, blob), 0o644);
  Deno.writeTextFileSync(blobPath(dir.path, blob), "CONTENT");
  assertEquals(store.isWhole(blob), false);
  assertEquals(write(), blob);
  assertEquals(readExactly(store.open(blob), 0, 7), bytes("content"));
});

Deno.test("a thousand blobs can be open at once", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  const sources = Array.from({ length: 1000 }, (_, i) => store.open(store.put(bytes(`blob ${i}`))));
  for (const round of [0, 1]) {
    for (const [i, source] of sources.entries()) {
      assertEquals(readExactly(source, round, 4), bytes(`blob ${i}`).subarray(round, round + 4));
    }
  }
  const open = listDir("/proc/self/fd").filter((fd) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${fd}`).startsWith(`${dir.path}/blobs/`);
    } catch {
      return false;
    }
  });
  assertEquals(open.length, 64);
});

Deno.test("a blob that vanished, shrank or changed is told, and put mends it", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  const [gone, short, wrong, good] = ["gone", "short", "wrong", "good"].map((t) =>
    store.put(bytes(t))
  ) as [Digest, Digest, Digest, Digest];
  const source = store.open(short);
  Deno.removeSync(blobPath(dir.path, gone));
  for (const blob of [short, wrong]) Deno.chmodSync(blobPath(dir.path, blob), 0o644);
  Deno.truncateSync(blobPath(dir.path, short), 2);
  Deno.writeTextFileSync(blobPath(dir.path, wrong), "WRONG");
  assertEquals(assertThrows(() => store.open(gone), TowerError).code, "damaged");
  assertEquals(
    assertThrows(() => source.readAt(3, new Uint8Array(1)), TowerError).code,
    "damaged",
  );
  assertEquals(store.verify(), [short, wrong].sort());
  store.put(bytes("short"));
  store.put(bytes("wrong"));
  assertEquals([store.has(gone), store.sizeOf(short), store.has(good)], [false, 5, true]);
  assertEquals(readExactly(store.open(wrong), 0, 5), bytes("wrong"));
  assertEquals(store.verify(), []);
});

Deno.test("a bad digest never becomes a path", () => {
  using dir = tempDir();
  using store = openStore(dir.path);
  assertThrows(() => store.has("sha256:../../../../etc/passwd" as Digest), RangeError);
});

Deno.test("processes that put the same and other blobs at once all succeed", async () => {
  using dir = tempDir();
  const children = [0, 1, 2, 3].map((n) => startChild("put", dir.path, String(n)));
  for (const child of children) assertEquals((await child.output()).code, 0);
  using store = openStore(dir.path);
  assertEquals(store.verify(), []);
  for (let i = 0; i < 100; i++) assert(store.has(digestOf(`shared ${i}`)));
  for (let n = 0; n < 4; n++) assert(store.has(digestOf(`own ${n} 99`)));
  assertEquals(listDir(`${dir.path}/tmp`), []);
});

Deno.test("a killed writer leaves nothing visible, and the next opening clears up", async () => {
  using dir = tempDir();
  const child = startChild("hang", dir.path, "");
  const reader = child.stdout.getReader();
  await reader.read();
  const session = listDir(`${dir.path}/tmp`);
  assertEquals(session.length, 1);
  openStore(dir.path)[Symbol.dispose]();
  assertEquals(listDir(`${dir.path}/tmp`), session, "a living writer's files must stay");
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  using store = openStore(dir.path);
  assertEquals(listDir(`${dir.path}/tmp`), []);
  assertEquals(listDir(`${dir.path}/blobs/sha256`), []);
  assertEquals(store.verify(), []);
});

const canMount = Deno.uid() === 0 &&
  new Deno.Command("unshare", { args: ["-m", "true"], stderr: "null" }).outputSync().success;

Deno.test({
  name: "a full disk is told as no-space and leaves nothing half-written" +
    (canMount ? "" : " (skipped: needs root and mount namespaces)"),
  ignore: !canMount,
  async fn() {
    using dir = tempDir();
    const script = 'mount -t tmpfs -o size=1m tower "$1" && exec "$2" run -A "$3" full "$1" ""';
    const child = new Deno.Command("unshare", {
      args: ["-m", "sh", "-c", script, "sh", dir.path, Deno.execPath(), childProgram],
      stderr: "inherit",
    });
    const { code, stdout } = await child.output();
    assertEquals(code, 0);
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
      codes: ["no-space", "no-space", "no-space", "no-space"],
      temporary: [],
      blobs: [],
      files: ["blobs", "notes", "tmp"],
    });
  },
});

Deno.test("an artifact has holes, its digest is that of the file, and it appears whole", async () => {
  using dir = tempDir();
  const path = `${dir.path}/out/disk.img`;
  {
    using artifact = createArtifact(path);
    artifact.setSize(64 << 20);
    artifact.writeAt(63 << 20, bytes("end"));
    artifact.writeAt(10, bytes("start"));
    artifact.writeAt(15, bytes("er"));
    assert(!exists(path));
    const digest = await artifact.digest(inOneBreath);
    artifact.writeAt(0, new Uint8Array(1));
    await artifact.commit();
    artifact.discard();
    assertEquals(hashFile(path), digest);
  }
  const state = Deno.statSync(path);
  assertEquals(state.size, 64 << 20);
  assertGreater(100, state.blocks!);
  assertEquals(new TextDecoder().decode(readBytes(path, 64 << 20).subarray(10, 17)), "starter");
  assertEquals([listDir(`${dir.path}/out`), modeOf(path)], [["disk.img"], 0o644]);
});

Deno.test("an artifact that is not committed leaves the old file and nothing else", () => {
  using dir = tempDir();
  const path = `${dir.path}/a.tar`;
  writeFileAtomic(path, bytes("old"));
  assertThrows(() => {
    using artifact = createArtifact(path);
    artifact.writeAt(0, bytes("new"));
    throw new Error("stop");
  });
  assertEquals([listDir(dir.path), readText(path, 10)], [["a.tar"], "old"]);
});

Deno.test("the next artifact removes what a killed build left, and only that", async () => {
  using dir = tempDir();
  const child = startChild("artifact", dir.path, "disk.img");
  const reader = child.stdout.getReader();
  await reader.read();
  writeFileAtomic(`${dir.path}/.disk.img.note`, bytes("mine"));
  createArtifact(`${dir.path}/disk.img`).discard();
  assertEquals(listDir(dir.path).length, 2, "a living build's file must stay");
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  createArtifact(`${dir.path}/disk.img`).discard();
  assertEquals(listDir(dir.path), [".disk.img.note"]);
});

Deno.test("a lock is exclusive, names its holder, and dies with its process", async () => {
  using dir = tempDir();
  const path = `${dir.path}/lock`;
  const child = startChild("lock", path, "tower-build build lab");
  const reader = child.stdout.getReader();
  await reader.read();
  const error = assertThrows(() => lockFile(path, "test"), TowerError);
  assertEquals(error.code, "busy");
  assert(error.message.includes(`process ${child.pid} (tower-build build lab)`), error.message);
  const waits: string[] = [];
  const waiting = waitForLock(path, "test", {
    signal: new AbortController().signal,
    onWait: (holder) => waits.push(holder),
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGKILL");
  (await waiting)[Symbol.dispose]();
  assertEquals(waits, [`process ${child.pid} (tower-build build lab)`]);
  assert(!exists(path), "a lock that was let go leaves no file");
  await child.status;
  await reader.cancel();
});

Deno.test("waiting for a lock ends with the signal", async () => {
  using dir = tempDir();
  using _held = lockFile(`${dir.path}/lock`, "me");
  const waiting = waitForLock(`${dir.path}/lock`, "me", {
    signal: AbortSignal.timeout(100),
    onWait: () => {},
  });
  assertEquals((await assertRejects(() => waiting, TowerError)).code, "interrupted");
});

Deno.test("errors of files name the action, the path and the cause", () => {
  using dir = tempDir();
  Deno.writeTextFileSync(`${dir.path}/file`, "12345");
  Deno.writeFileSync(`${dir.path}/binary`, new Uint8Array([0xff]));
  const cases: [() => unknown, string, string][] = [
    [() => readText(`${dir.path}/no`, 9), "not-found", "there is no such file or folder"],
    [() => readBytes(dir.path, 9), "not-found", "it is a folder"],
    [() => readBytes(`${dir.path}/file/x`, 9), "not-found", "a part of the path is no folder"],
    [() => readBytes(`${dir.path}/file`, 4), "limit", "it has more than 4 bytes"],
    [() => readText(`${dir.path}/binary`, 9), "malformed", "it is no UTF-8 text"],
    [() => writeFileAtomic("/proc/tower", bytes("x")), "not-found", "no such file"],
    [() => listDir(`${dir.path}/no`), "not-found", "there is no such"],
  ];
  for (const [operation, code, cause] of cases) {
    const error = assertThrows(operation, TowerError, cause);
    assertEquals(error.code, code);
  }
});

Deno.test("the state of a file changes when it is written or replaced", async () => {
  using dir = tempDir();
  const path = `${dir.path}/file`;
  assertEquals(fileState(path), undefined);
  writeFileAtomic(path, bytes("one"));
  const state = fileState(path);
  assert(isSameState(state, fileState(path)));
  const { atime, mtime } = Deno.statSync(path);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  Deno.writeTextFileSync(path, "two");
  Deno.utimeSync(path, atime!, mtime!);
  assert(!isSameState(state, fileState(path)), "a time that was set back hides nothing");
  writeFileAtomic(path, bytes("two"));
  assert(!isSameState(state, fileState(path)));
  removeTree(path);
  removeTree(path);
  assert(!exists(path));
});

Deno.test("first builds that sign at once share one key, and it is listed", async () => {
  using dir = tempDir();
  const children = [0, 1, 2, 3].map(() => startChild("image-key", dir.path, ""));
  for (const child of children) assertEquals((await child.output()).code, 0);
  const { publicKey } = ownKey(`${dir.path}/.config/tower/image_key`, "tower-image");
  assertEquals(
    readText(`${dir.path}/.local/tower/image_signers`, 4096),
    `image namespaces="file" ${publicKey}\n`,
  );
});

const childProgram = new URL("../../support/program/store_child.ts", import.meta.url).pathname;

function startChild(task: string, path: string, argument: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", childProgram, task, path, argument],
    stdout: "piped",
  }).spawn();
}
