import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext } from "../../tests/support/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { inlineText, textOf } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { stageSpec } from "../manifest/schema.ts";
import type { AccountsSpec } from "../manifest/schema.ts";
import { accounts } from "./accounts.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const context = stageContext(86400 * 20000);

function apply(spec: unknown): FileTree {
  const tree = new FileTree({ ...owned, mode: 0o755 });
  tree.put({ ...owned, type: "directory", path: "etc", mode: 0o755 });
  tree.put({ ...owned, type: "directory", path: "root", mode: 0o700 });
  const texts = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/ash\n",
    "etc/group": "root:x:0:root\nwheel:x:10:root\n",
    "etc/shadow": "root:::0:::::\n",
  };
  for (const [path, text] of Object.entries(texts)) {
    tree.put({ ...owned, type: "file", path, mode: 0o644, content: inlineText(text) });
  }
  accounts(tree, stageSpec.parse(spec) as AccountsSpec, context);
  return tree;
}

function text(tree: FileTree, path: string): string {
  return textOf(context.reader, tree.file(path)!.content);
}

Deno.test("accounts() gives root keys, no password, and keeps its home's mode", () => {
  const tree = apply({
    kind: "accounts",
    users: [{ name: "root", authorizedKeys: ["ssh-ed25519 AAAA a", " ssh-ed25519 BBBB b "] }],
  });
  assertStringIncludes(text(tree, "etc/shadow"), "root:*:20000:");
  assertEquals(text(tree, "root/.ssh/authorized_keys"), "ssh-ed25519 AAAA a\nssh-ed25519 BBBB b\n");
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
