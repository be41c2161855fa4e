import { assertEquals } from "@std/assert";
import { accounts, type AccountsPlan } from "./accounts.ts";
import { inheritPasswords } from "./passwords.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

Deno.test("a stage that says nothing of a password leaves what one before said", () => {
  const earlier: AccountsPlan[] = [];
  const passwords = (...users: unknown[]) => {
    const spec = accounts.spec.parse({ kind: "accounts", users });
    const plan = inheritPasswords(spec, earlier);
    earlier.push(plan);
    return plan.users.map((user) => user.password);
  };
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
