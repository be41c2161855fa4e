import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext } from "../../tests/support/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { inlineText } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { services } from "./services.ts";

const context = stageContext(5);

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
