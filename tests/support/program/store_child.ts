/** What store_test.ts does in other processes: `store_child.ts TASK PATH ARGUMENT`. */
import { imageKey } from "../../../build/release/image_key.ts";
import { realEnv } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import { createArtifact } from "../../../lib/files/artifact_file.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { openStore } from "../../../lib/store/content_store.ts";
import { exists, listDir, writeFileAtomic } from "../../../lib/files/files.ts";
import { lockFile } from "../../../lib/files/lock_file.ts";

const [task, path, argument] = Deno.args as [string, string, string];
const bytes = (text: string) => new TextEncoder().encode(text);

switch (task) {
  case "put": {
    using store = openStore(path);
    for (let i = 0; i < 100; i++) {
      store.put(bytes(`shared ${i}`));
      const writer = store.writer();
      writer.write(bytes(`own ${argument} ${i}`));
      writer.commit();
    }
    break;
  }
  case "use":
    useOldBlobs();
    break;
  case "hang":
    openStore(path).writer().write(new Uint8Array(1 << 20));
    await hang();
    break;
  case "artifact":
    createArtifact(`${path}/${argument}`).writeAt(0, new Uint8Array(1 << 20));
    await hang();
    break;
  case "lock":
    lockFile(path, argument);
    await hang();
    break;
  case "image-key":
    await imageKey({ ...realEnv(), home: path, variable: () => undefined });
    break;
  case "full":
    fillUp();
    break;
}

/**
 * Has blobs grow old, and uses those that are there still as a build does, until another process has
 * removed so many of them that they were made anew; a minute at most.
 */
function useOldBlobs(): void {
  const lost: string[] = [];
  let made = 0;
  const enough = 50 + 30;
  for (const end = performance.now() + 60_000; made < enough && performance.now() < end;) {
    using store = openStore(path);
    for (let i = 0; i < 50; i++) {
      const content = bytes(`content ${i}`);
      const blob = digestOf(content);
      const file = `${path}/blobs/sha256/${hexOf(blob).slice(0, 2)}/${hexOf(blob).slice(2)}`;
      try {
        Deno.utimeSync(file, 1, 1);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      if (!store.has(blob)) {
        made++;
        if (made % 2) store.put(content);
        else {
          const writer = store.writer();
          writer.write(content);
          writer.commit();
        }
      }
      // Whoever removes it now took its decision before.
      for (let looks = 0; looks < 5; looks++) if (!exists(file)) lost.push(blob);
    }
  }
  Deno.stdout.writeSync(bytes(JSON.stringify({ lost, made })));
}

/** Says that all is ready, then waits to be killed. */
async function hang(): Promise<void> {
  await Deno.stdout.write(bytes("ready\n"));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

/** Writes 2 MiB in each way to a disk of 1 MiB. */
function fillUp(): void {
  using store = openStore(path);
  const big = new Uint8Array(2 << 20);
  const codes = [
    () => store.put(big),
    () => {
      const writer = store.writer();
      try {
        writer.write(big);
      } finally {
        writer.discard();
      }
    },
    () => writeFileAtomic(`${path}/file`, big),
    () => {
      using artifact = createArtifact(`${path}/artifact`);
      artifact.writeAt(0, big);
    },
  ].map((write) => {
    try {
      write();
      return "no error";
    } catch (error) {
      return error instanceof TowerError ? error.code : String(error);
    }
  });
  const temporary = listDir(`${path}/tmp`).flatMap((name) => listDir(`${path}/tmp/${name}`));
  const blobs = listDir(`${path}/blobs/sha256`);
  const result = { codes, temporary, blobs, files: listDir(path) };
  Deno.stdout.writeSync(bytes(JSON.stringify(result)));
}
