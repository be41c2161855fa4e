import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { LabRepository } from "../support/build/lab_repository.ts";
import { OTHER_KEY, TEST_KEY } from "../support/apk/test_keys.ts";
import { TestProgram } from "../support/program/test_program.ts";

const CHOSEN = "base-1.0-r0\ngreet-1.0-r0\nhello-2.1-r3\nhello-openrc-1.0-r0\n";
const DAMAGED = /note "[^"]+\/linked\/[^"]+" of the store was damaged: it is made anew/;

/** A program with a small repository, and the notes of what it linked. */
function prepared() {
  const program = new TestProgram();
  const { folder } = program.repository();
  const resolve = (keys = "repository/keys") =>
    program.run("resolve", "hello", "--repository", folder, "--keys", keys);
  const notes = () => {
    const kind = join(program.env.cacheDir, "store/notes/linked");
    return Array.from(Deno.readDirSync(kind), ({ name }) => join(kind, name));
  };
  return { program, resolve, notes, [Symbol.dispose]: () => program[Symbol.dispose]() };
}

Deno.test("indexes that were linked are taken from the store, whatever was done to it", async () => {
  using p = prepared();
  const first = await p.resolve();
  assertEquals([first.code, first.out], [0, CHOSEN]);
  const [note, ...more] = p.notes();
  assert(note !== undefined && more.length === 0);
  const whole = Deno.readFileSync(note);
  const again = await p.resolve();
  assertEquals([again.code, again.out], [0, CHOSEN]);
  assert(!DAMAGED.test(again.err));
  const changed = (at: number) => whole.map((byte, i) => i === at ? byte ^ 4 : byte);
  const places = [0, 100, 300, whole.length >> 1, whole.length - 40, whole.length - 1];
  for (const bytes of [...places.map(changed), whole.slice(0, 50), whole.slice(0, -1)]) {
    Deno.writeFileSync(note, bytes);
    const mended = await p.resolve();
    assertEquals([mended.code, mended.out], [0, CHOSEN]);
    assertMatch(mended.err, DAMAGED);
    assertEquals(Deno.readFileSync(note), whole);
  }
  Deno.writeFileSync(note, new Uint8Array());
  assert(!DAMAGED.test((await p.resolve()).err), "a power cut empties what was never written");
  assertEquals(Deno.readFileSync(note), whole);
});

Deno.test("what was linked is believed by those alone who trust the key of the signature", async () => {
  using p = prepared();
  assertEquals((await p.resolve()).code, 0);
  p.program.write(`other/${OTHER_KEY.trusted.name}`, OTHER_KEY.trusted.pem);
  // A key counts by its name and its content together.
  p.program.write(`renamed/${OTHER_KEY.trusted.name}`, TEST_KEY.trusted.pem);
  for (const keys of ["other", "renamed"]) {
    const refused = await p.resolve(keys);
    assertEquals([refused.code, refused.out], [1, ""]);
    assertStringIncludes(refused.err, "no trusted key made it");
  }
  p.program.write(`both/${OTHER_KEY.trusted.name}`, OTHER_KEY.trusted.pem);
  p.program.write(`both/${TEST_KEY.trusted.name}`, TEST_KEY.trusted.pem);
  assertEquals((await p.resolve("both")).out, CHOSEN);
});

Deno.test("a changed index is linked anew", async () => {
  using p = prepared();
  assertEquals((await p.resolve()).out, CHOSEN);
  const repository = new LabRepository(p.program.path("repository"));
  repository.add({ name: "hello", version: "9-r0" });
  repository.publish();
  assertEquals((await p.resolve()).out, "hello-9-r0\n");
  assertEquals(p.notes().length, 2);
});
