import { assertEquals } from "@std/assert";
import { type AccountsSpec, stageSpec } from "../manifest/schema.ts";
import { inheritedPasswords } from "./passwords.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

Deno.test("a stage that says nothing of a password leaves what one before said", () => {
  const of = inheritedPasswords();
  const passwords = (...users: unknown[]) =>
    of(stageSpec.parse({ kind: "accounts", users }) as AccountsSpec).users.map((u) => u.password);
  const [ann, root] = [{ name: "ann" }, { name: "root" }];
  assertEquals(passwords(ann), ["none"]);
  assertEquals(passwords({ ...ann, password: "$6$a$b" }, { ...root, password: "locked" }), [
    "$6$a$b",
    "locked",
  ]);
  assertEquals(passwords({ ...ann, comment: "Ann" }, root), ["$6$a$b", "locked"]);
  assertEquals(passwords({ ...root, authorizedKeys: [KEY] }), ["none"]);
  assertEquals(passwords({ ...ann, password: "none" }), ["none"]);
  assertEquals(passwords(ann), ["none"]);
});
