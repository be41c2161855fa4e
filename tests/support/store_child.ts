/** What store_test.ts does in other processes: `store_child.ts TASK PATH ARGUMENT`. */
import { imageKey } from "../../build/image_key.ts";
import { realEnv } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { createArtifact } from "../../lib/store/artifact_file.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { listDir, writeFileAtomic } from "../../lib/store/files.ts";
import { lockFile } from "../../lib/store/lock_file.ts";

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
