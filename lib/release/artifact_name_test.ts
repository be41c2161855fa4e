import { assertEquals } from "@std/assert";
import { artifactName } from "./artifact_name.ts";

Deno.test("a name tells version and time, and TowerOS' tools find the version in it", () => {
  const name = artifactName("toweros-host-{version}-{timestamp}.img", {
    version: "0.1.0",
    epoch: Date.UTC(2026, 10, 16, 10, 17, 40) / 1000,
  });
  assertEquals(name, "toweros-host-0.1.0-20261116101740.img");
  assertEquals(name.split("-").at(-2), "0.1.0");
  assertEquals(artifactName("a-{timestamp}", { version: undefined, epoch: 0 }), "a-19700101000000");
  assertEquals(artifactName("a.img", { version: "1", epoch: 0 }), "a.img");
});
