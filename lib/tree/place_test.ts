import { assertEquals, assertThrows } from "@std/assert";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { TowerError } from "../errors.ts";
import { placeOf } from "./place.ts";

const tree = smallTree({
  "usr/lib/x": "",
  "lib": { link: "usr/lib" },
  "var/run": { link: "../run" },
  "var/lock": { link: "/run/lock" },
  "up": { link: "../../etc" },
  "a": { link: "b" },
  "b": { link: "/a" },
  "notes": "text",
  "leads": { link: "notes" },
});

Deno.test("placeOf() follows the links that lead to an entry, inside of the tree", () => {
  assertEquals(placeOf(tree, "lib"), "lib");
  assertEquals(placeOf(tree, "lib/x"), "usr/lib/x");
  assertEquals(placeOf(tree, "lib/new/deep"), "usr/lib/new/deep");
  assertEquals(placeOf(tree, "var/run/x"), "run/x");
  assertEquals(placeOf(tree, "var/lock/x"), "run/lock/x");
  assertEquals(placeOf(tree, "up/x"), "etc/x");
  assertEquals(placeOf(tree, "new/x"), "new/x");
});

Deno.test("placeOf() names what is in the way, and the link that leads there", () => {
  const refused = (path: string, message: string) =>
    assertEquals(assertThrows(() => placeOf(tree, path), TowerError).message, message);
  refused("notes/x", 'Cannot put "/notes/x" into the tree: "/notes" is no directory');
  refused(
    "leads/x",
    'Cannot put "/leads/x" into the tree: "/leads" is a link to "notes", and "/notes" is no directory',
  );
  refused(
    "a/x",
    'Cannot put "/a/x" into the tree: "/a" is a link to "b", which leads in a circle',
  );
});
