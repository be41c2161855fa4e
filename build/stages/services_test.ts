import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { silent } from "../../lib/report/event.ts";
import { inlineText } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { files } from "./files.ts";
import { services } from "./services.ts";
import type { StageContext } from "./stage.ts";

const unused = () => {
  throw new Error("not used");
};
const context: StageContext = {
  reader: { open: unused },
  blobs: { writer: unused },
  arch: "x86_64",
  epoch: 5,
  reporter: silent,
};

function tree(...scripts: string[]): FileTree {
  const owned = { uid: 0, gid: 0, mtime: 0, origin: "package:openrc" } as const;
  const made = new FileTree({ ...owned, mode: 0o755 });
  for (const name of scripts) {
    const path = `etc/init.d/${name}`;
    made.putParents(path, owned.origin, 0);
    made.put({
      ...owned,
      type: "file",
      path,
      mode: 0o755,
      content: inlineText("#!/sbin/openrc-run\n"),
    });
  }
  return made;
}

Deno.test("services() links what rc-update would, and makes an empty runlevel", () => {
  const made = tree("sshd", "sysctl");
  services(
    made,
    { kind: "services", runlevels: { boot: ["sysctl"], default: ["sshd"], off: [] } },
    context,
  );
  const link = made.get("etc/runlevels/default/sshd");
  assertEquals(link?.type === "symlink" && link.target, "/etc/init.d/sshd");
  assertEquals(made.get("etc/runlevels/off")?.type, "directory");
});

Deno.test("services() names every service that nobody brings, with its runlevel", () => {
  const runlevels = { boot: ["a", "sysctl"], default: ["b"] };
  const error = assertThrows(
    () => services(tree("sysctl"), { kind: "services", runlevels }, context),
    TowerError,
  );
  assertStringIncludes(error.message, "a (boot), b (default)");
});

Deno.test("files() lays overlay, own files and removals in this order", () => {
  const made = tree("old");
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
