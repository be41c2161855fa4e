import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { readBytes, readText } from "../../../lib/files/files.ts";
import { lockFile } from "../../../lib/files/lock_file.ts";
import { openRegular } from "../../../lib/files/regular_file.ts";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing } from "../../support/fleet/provisioning.ts";
import { TestProgram } from "../../support/program/test_program.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const IS_FIFO = "it is a FIFO, not a file";

async function putFifo(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {});
  await runner.run({ argv: ["mkfifo", path] });
}

Deno.test({
  ...named(
    "what reads a file waits for no FIFO and opens no device",
    programsMissing(runner, "mkfifo"),
  ),
  async fn() {
    using folder = tempFolder();
    const fifo = join(folder.path, "fifo");
    await putFifo(fifo);
    const readers: ((path: string) => unknown)[] = [
      (path) => readBytes(path, 9),
      (path) => readText(path, 9),
      openRegular,
      hashFile,
      openDisk,
      (path) => lockFile(path, "x"),
    ];
    for (const read of readers) {
      assertThrows(() => read(fifo), TowerError, IS_FIFO);
      assertThrows(() => read("/dev/zero"), TowerError, "it is a device, not a file");
      assertThrows(() => read(folder.path), TowerError, "it is a folder");
    }
    assertEquals(readText("/proc/sys/kernel/ostype", 9), "Linux\n");
  },
});

Deno.test("an open file stays the one it was, and is of no use once it is closed", () => {
  using folder = tempFolder();
  const path = join(folder.path, "file");
  Deno.writeTextFileSync(path, "first");
  const file = openRegular(path);
  Deno.writeTextFileSync(`${path}.new`, "other");
  Deno.renameSync(`${path}.new`, path);
  const bytes = new Uint8Array(5);
  assertEquals([file.size, file.readAt(1, bytes), file.readAt(5, bytes)], [5, 4, 0]);
  assertEquals(new TextDecoder().decode(bytes.subarray(0, 4)), "irst");
  file[Symbol.dispose]();
  assertThrows(() => file.readAt(0, bytes), TowerError);
});

Deno.test({
  ...named("FIFOs in the place of any file are told by both programs", provisionMissing("mkfifo")),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const card = join(folder.path, "card.img");
    const fifo = join(folder.path, "fifo");
    await putFifo(fifo);
    {
      using tower = new TowerProgram();
      const words = offline("vault", image, "--device-file", card);
      const told = async (...args: string[]) => {
        const { code, out, err } = await tower.run(...args);
        assertStringIncludes(out + err, IS_FIFO, args.join(" "));
        return code;
      };
      assertEquals(await told(...words, "--answers", fifo), 1);
      assertEquals(await told(...offline("vault", fifo, "--device-file", card)), 1);
      const sums = join(folder.path, "SHA256SUMS");
      const kept = Deno.readFileSync(sums);
      Deno.writeFileSync(`${sums}.sig`, new Uint8Array());
      assertEquals(await told(...words, "--signers", fifo), 1);
      await putFifo(sums);
      assertEquals(await told(...words), 1);
      Deno.removeSync(sums);
      Deno.writeFileSync(sums, kept);
      const done = await tower.run(...words);
      assertEquals(done.code, 0, done.err);
      assertEquals(await told("provision", "vault", "--verify-only", "--device-file", fifo), 1);
      const files = ["networks.yaml", "known_hosts", "hosts/vault/tower.env", "config", "lock"];
      for (const name of files) {
        const path = join(tower.folder, name);
        const before = await Deno.readFile(path).catch(() => undefined);
        await putFifo(path);
        await told("doctor");
        Deno.removeSync(path);
        if (before) Deno.writeFileSync(path, before);
      }
      assertEquals((await tower.run("list")).code, 0);
    }
    using program = new TestProgram();
    await putFifo(program.path("fifo.yaml"));
    await putFifo(program.path("key"));
    await putFifo(program.path("record.json"));
    for (
      const args of [["build", "fifo.yaml"], ["plan", "fifo.yaml"], ["sign", ".", "--key", "key"], [
        "verify",
        ".",
      ]]
    ) {
      const { code, err } = await program.run(...args);
      assertEquals([code, err.includes(IS_FIFO)], [1, true], `${args}: ${err}`);
    }
  },
});
