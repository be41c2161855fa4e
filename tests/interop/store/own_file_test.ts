import { assertEquals, assertMatch } from "@std/assert";
import { tempDir } from "../../../lib/files/files.ts";
import { readOwnIfThere } from "../../../lib/files/own_file.ts";

/** Puts FIFOs and files in turn in the place of one another, as quickly as it can. */
const SWAP = 'cd "$1"; mkfifo fifo; printf x >file; ' +
  "while :; do ln fifo next; mv -f next at; ln file next; mv -f next at; done";

/** Reads what is there, whatever it is, for a while; says how often it was a file. */
const READ = `
import { readOwnIfThere } from ${
  JSON.stringify(new URL("../../../lib/files/own_file.ts", import.meta.url).href)
};
let files = 0;
for (const end = performance.now() + 1500; performance.now() < end;) {
  try {
    if (readOwnIfThere(Deno.args[0], 10)?.length === 1) files++;
  } catch (error) {
    if (error.code !== "not-found") throw error;
  }
}
console.log(files);
`;

Deno.test("a FIFO that takes a file's place at any moment is refused, and nobody waits for it", async () => {
  using dir = tempDir();
  const path = `${dir.path}/at`;
  const swap = new Deno.Command("sh", { args: ["-c", SWAP, "sh", dir.path], stderr: "null" })
    .spawn();
  try {
    while (stateIfThere(path) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    Deno.writeTextFileSync(`${dir.path}/read.ts`, READ);
    const reader = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `${dir.path}/read.ts`, path],
      stdout: "piped",
      signal: AbortSignal.timeout(60_000),
    });
    const { success, stdout } = await reader.output();
    assertEquals(success, true);
    assertMatch(new TextDecoder().decode(stdout), /^[1-9]/);
  } finally {
    swap.kill("SIGKILL");
    await swap.status;
  }
});

function stateIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}

Deno.test("a file of one's own is read to its limit, also where the kernel makes it up", () => {
  using dir = tempDir();
  const path = `${dir.path}/file`;
  Deno.writeTextFileSync(path, "text");
  assertEquals(new TextDecoder().decode(readOwnIfThere(path, 4)), "text");
  const refusal = () => {
    try {
      return readOwnIfThere(path, 3);
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  assertEquals(refusal(), "limit");
  assertMatch(new TextDecoder().decode(readOwnIfThere("/proc/self/status", 1 << 20)), /^Name:/);
  Deno.chmodSync(path, 0o400);
  assertEquals(readOwnIfThere(path, 4)?.length, 4);
  assertEquals(readOwnIfThere(`${dir.path}/none`, 4), undefined);
});
