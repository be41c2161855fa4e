import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext, treeWithServices } from "../../tests/support/tree/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { services } from "./services.ts";

const context = stageContext(5);

Deno.test("services() links what rc-update would, and makes an empty runlevel", () => {
  const made = treeWithServices("sshd", "sysctl");
  services.apply(
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
    () => services.apply(treeWithServices("sysctl"), { kind: "services", runlevels }, context),
    TowerError,
  );
  assertStringIncludes(error.message, "a (boot), b (default)");
});
