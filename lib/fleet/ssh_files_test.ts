import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { includeConfig, updateConfig, updateKnownHosts } from "./ssh_files.ts";
import { testHost } from "./test_host.ts";

const PATHS = { folder: "/home/me/.local/tower" };
const [MAIL, WEB] = [testHost("mail"), testHost("web", "192.168.2.201")];

Deno.test("a configuration gains its hosts once; what a user wrote stays", () => {
  const own = "# mine\nHost mail\n  Port 2222\n  Hostname 1.2.3.4\nHost other\n  User me\n";
  const once = updateConfig(own, PATHS, [MAIL, WEB], []);
  assertEquals(updateConfig(once, PATHS, [MAIL, WEB], []), once);
  for (const line of ["# mine", "  Port 2222", "Host other", "  User me", "Host web"]) {
    assertStringIncludes(`\n${once}`, `\n${line}\n`);
  }
  assertEquals(once.match(/^Host mail$/gm)?.length, 1);
  assert(!once.includes("1.2.3.4"));
  const gone = updateConfig(once, PATHS, [WEB], [{ name: "mail" }]);
  assert(!gone.includes("Host mail") && gone.includes("Host other") && gone.includes("Host web"));
});

Deno.test("E16: known hosts are exactly those of the inventory; to forget .1 forgets no .100", () => {
  const foreign = "192.168.2.100 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5ZZZZ\n";
  const once = updateKnownHosts(foreign, [MAIL, WEB], []);
  assertEquals(updateKnownHosts(once, [MAIL, WEB], []), once);
  assertEquals(once.split("\n").length, 4);
  const gone = updateKnownHosts(once, [WEB], [{ name: "mail", address: "192.168.2.1" }]);
  assertStringIncludes(gone, foreign);
  assert(!gone.includes("mail,") && gone.includes("web,"));
});

Deno.test("the user's own configuration includes ours once, before all else", () => {
  const once = includeConfig("Host x\n  User y\n", PATHS, "/home/me");
  assertEquals(once, "Include /home/me/.local/tower/config\n\nHost x\n  User y\n");
  assertEquals(includeConfig(once, PATHS, "/home/me"), once);
});
