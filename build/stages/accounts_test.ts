import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext } from "../../tests/support/tree/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { concat } from "../../lib/bytes/bytes.ts";
import { sshString } from "../../lib/ssh_signature/wire.ts";
import { inlineText, textOf } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { accounts } from "./accounts.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const context = stageContext(86400 * 20000);

/** A key of type ed25519 of the same byte 32 times. */
const key = (byte: number) =>
  `ssh-ed25519 ${concat(["ssh-ed25519", new Uint8Array(32).fill(byte)].map(sshString)).toBase64()}`;

function apply(...specs: unknown[]): FileTree {
  const tree = new FileTree({ ...owned, mode: 0o755 });
  tree.put({ ...owned, type: "directory", path: "etc", mode: 0o755 });
  tree.put({ ...owned, type: "directory", path: "root", mode: 0o700 });
  const texts = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/ash\n" +
      "guest:x:405:100:guest:/dev/null:/sbin/nologin\nnobody:x:65534:100:nobody:/:/sbin/nologin\n" +
      "sshd:x:22:22:sshd:/var/empty:/sbin/nologin\nodd:x:33:100:odd:/etc/passwd:/bin/sh\n",
    "etc/group": "root:x:0:root\nwheel:x:10:root\nusers:x:100:\n",
    "etc/shadow": "root:::0:::::\n",
  };
  for (const [path, text] of Object.entries(texts)) {
    tree.put({ ...owned, type: "file", path, mode: 0o644, content: inlineText(text) });
  }
  for (const spec of specs) accounts.apply(tree, accounts.spec.parse(spec), context);
  return tree;
}

function text(tree: FileTree, path: string): string {
  return textOf(context.reader, tree.file(path)!.content);
}

Deno.test("accounts() gives root keys, no password, and keeps its home's mode", () => {
  const tree = apply({
    kind: "accounts",
    users: [{ name: "root", authorizedKeys: [`${key(1)} a`, ` ${key(2)} b `] }],
  });
  assertStringIncludes(text(tree, "etc/shadow"), "root:*:20000:");
  assertEquals(text(tree, "root/.ssh/authorized_keys"), `${key(1)} a\n${key(2)} b\n`);
  assertEquals(tree.get("root/.ssh")?.mode, 0o700);
  assertEquals(tree.get("root/.ssh/authorized_keys")?.mode, 0o600);
});

Deno.test("accounts() makes a user with home, group and membership", () => {
  const tree = apply({
    kind: "accounts",
    groups: [{ name: "lab", gid: 2000 }, { name: "wheel" }],
    users: [{ name: "ada", uid: 1234, groups: ["wheel", "lab"], password: "$6$salt$hash" }],
  });
  assertStringIncludes(text(tree, "etc/passwd"), "ada:x:1234:1234::/home/ada:/bin/sh\n");
  assertStringIncludes(text(tree, "etc/group"), "wheel:x:10:root,ada\n");
  assertStringIncludes(text(tree, "etc/group"), "lab:x:2000:ada\n");
  assertStringIncludes(text(tree, "etc/shadow"), "ada:$6$salt$hash:20000:");
  const home = tree.get("home/ada");
  assertEquals([home?.uid, home?.gid, home?.mode], [1234, 1234, 0o700]);
});

Deno.test("accounts() locks with an exclamation mark, and refuses another id for root", () => {
  const locked = apply({ kind: "accounts", users: [{ name: "root", password: "locked" }] });
  assertStringIncludes(text(locked, "etc/shadow"), "root:!*:20000:");
  const error = assertThrows(
    () => apply({ kind: "accounts", users: [{ name: "root", uid: 5 }] }),
    TowerError,
  );
  assertEquals(error.code, "conflict");
});

Deno.test("accounts() refuses every id and group that differs from what is there", () => {
  const refused = (part: object, message: string) => {
    const error = assertThrows(() => apply({ kind: "accounts", ...part }), TowerError);
    assertEquals([error.code, error.message], ["conflict", message]);
  };
  refused(
    { groups: [{ name: "wheel", gid: 11 }] },
    'Cannot give group "wheel" id 11: a package or stage gave it 10',
  );
  refused(
    { users: [{ name: "guest", group: "wheel" }] },
    'Cannot give user "guest" the primary group "wheel": it has users already',
  );
  const same = {
    groups: [{ name: "wheel", gid: 10 }],
    users: [{ name: "guest", uid: 405, group: "users" }],
  };
  assertStringIncludes(
    text(apply({ kind: "accounts", ...same }), "etc/passwd"),
    "guest:x:405:100:",
  );
});

Deno.test("accounts() takes no home for a place that is none", () => {
  for (const name of ["guest", "nobody", "sshd", "odd"]) {
    const tree = apply({ kind: "accounts", users: [{ name }] });
    assertEquals([tree.get("dev"), tree.get("var"), tree.get(".ssh")], [
      undefined,
      undefined,
      undefined,
    ]);
    const error = assertThrows(
      () => apply({ kind: "accounts", users: [{ name, authorizedKeys: [key(1)] }] }),
      TowerError,
    );
    assertStringIncludes(
      error.message,
      `Cannot give user "${name}" authorized keys: its home is "/`,
    );
  }
  const moved = apply({ kind: "accounts", users: [{ name: "guest", home: "/home/guest" }] });
  assertEquals(moved.get("home/guest")?.uid, 405);
});

Deno.test("accounts() adds keys to those that a stage before gave", () => {
  const user = (...authorizedKeys: string[]) => ({
    kind: "accounts",
    users: [{ name: "root", authorizedKeys }],
  });
  const tree = apply(user(key(1), key(2)), user(key(2), key(3)));
  assertEquals(
    text(tree, "root/.ssh/authorized_keys"),
    [1, 2, 3].map((n) => `${key(n)}\n`).join(""),
  );
});

Deno.test("accounts() puts a home behind the links that lead to it", () => {
  const tree = apply();
  tree.put({ ...owned, type: "symlink", path: "home", mode: 0o777, target: "var/home" });
  const users = [{ name: "ada", authorizedKeys: [key(1)] }];
  accounts.apply(tree, accounts.spec.parse({ kind: "accounts", users }), context);
  assertEquals(tree.get("var/home/ada/.ssh/authorized_keys")?.uid, 1000);
  assertEquals(tree.get("home")?.type, "symlink");
});

Deno.test("what lets nobody in is no authorized key", () => {
  const fault = (user: object) =>
    accounts.spec.safeParse({ kind: "accounts", users: [{ name: "root", ...user }] }).error
      ?.issues[0];
  const placeholder = fault({ authorizedKeys: [key(1), "ssh-ed25519 AAAA… me"] });
  assertEquals(placeholder?.path, ["users", 0, "authorizedKeys", 1]);
  assertStringIncludes(placeholder?.message ?? "", "has dots");
  const locked = fault({ password: "locked", authorizedKeys: [key(1)] });
  assertEquals(locked?.path, ["users", 0, "authorizedKeys"]);
});

Deno.test("users and groups that come twice are faults", () => {
  for (const field of ["users", "groups"]) {
    const twice = { kind: "accounts", [field]: [{ name: "a" }, { name: "a" }] };
    const issue = accounts.spec.safeParse(twice).error?.issues[0];
    assertEquals([issue?.path, issue?.message], [[field, 1, "name"], '"a" is there twice']);
  }
});
