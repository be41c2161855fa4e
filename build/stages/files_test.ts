import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext, treeWithServices } from "../../tests/support/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { files } from "./files.ts";

const context = stageContext(5);

Deno.test("files() lays overlay, own files and removals in this order", () => {
  const made = treeWithServices("old");
  const digest = `sha256:${"0".repeat(64)}` as never;
  files(made, {
    kind: "files",
    overlay: [
      { path: "etc/motd", digest, size: 3, executable: false },
      { path: "usr/bin/x", digest, size: 3, executable: true },
    ],
    files: [
      { path: "etc/motd", contents: "own", mode: 0o600, uid: 1, gid: 2 },
      { path: "etc/link", symlink: "motd" },
      { path: "srv", directory: true, mode: 0o700, uid: 0, gid: 0 },
    ],
    remove: ["etc/init.d"],
  }, context);
  const motd = made.get("etc/motd");
  assertEquals([motd?.mode, motd?.uid, motd?.gid, motd?.mtime], [0o600, 1, 2, 5]);
  assertEquals(made.get("usr/bin/x")?.mode, 0o755);
  assertEquals(made.get("etc/link")?.type, "symlink");
  assertEquals(made.get("srv")?.mode, 0o700);
  assertEquals(made.get("etc/init.d/old"), undefined);
});

Deno.test("files() refuses to remove what is not there, and names all of it", () => {
  const plan = {
    kind: "files" as const,
    overlay: [],
    files: [],
    remove: ["etc/a", "etc/init.d", "b"],
  };
  const error = assertThrows(() => files(treeWithServices("x"), plan, context), TowerError);
  assertEquals(error.code, "not-found");
  assertStringIncludes(error.message, '"/etc/a", "/b"');
});
