import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { statesIn, unwritten } from "../../../build/engine/file_states.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { fileState, isSameState, listDir, tempDir } from "../../../lib/files/files.ts";

const { signal } = new AbortController();
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Waits for a second to begin, so that what follows at once is within it. */
const nextSecond = () => wait(1000 - Date.now() % 1000 + 20);

/** Two files, looked at within the second in which they were written. */
async function looked(folder: string) {
  await nextSecond();
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${folder}/${name}`, name);
  return statesIn(folder, new Map(["a", "b"].map((name) => [name, digestOf(name)])));
}

Deno.test("a file that was changed within the second it was looked at, its mtime set back, is seen", async () => {
  using dir = tempDir();
  const states = await looked(dir.path);
  const path = `${dir.path}/b`;
  const before = fileState(path);
  const { atime, mtime } = Deno.statSync(path);
  Deno.writeTextFileSync(path, "x");
  Deno.utimeSync(path, atime!, mtime!);
  assert(isSameState(before, fileState(path)), "its state hides the change");
  assertEquals(await unwritten(dir.path, states, signal), undefined);
});

Deno.test("files that nobody wrote are hashed once, if they were young, and trusted then", async () => {
  using dir = tempDir();
  const states = await looked(dir.path);
  await wait(1100);
  const later = await unwritten(dir.path, states, signal);
  assertEquals(later?.files, states.files);
  assert(later!.seen > states.seen);
  // Had it been hashed again, this would be another value.
  assert(await unwritten(dir.path, later!, signal) === later);
  assertEquals(listDir(dir.path), ["a", "b"]);
  Deno.removeSync(`${dir.path}/a`);
  assertEquals(await unwritten(dir.path, later!, signal), undefined);
  assertNotEquals(fileState(`${dir.path}/b`), undefined);
});

Deno.test("what is not what its digest says is not known, however it looks", async () => {
  using dir = tempDir();
  await looked(dir.path);
  const states = statesIn(dir.path, new Map([["a", digestOf("other")]]));
  assertEquals(await unwritten(dir.path, states, signal), undefined);
});
