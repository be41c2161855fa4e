import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { chooseHosts, compareHosts, findHost, hostName } from "./host.ts";
import { testHost } from "./test_host.ts";

Deno.test("E2: a name that a shell, a path or ssh would take for more is refused with its rule", () => {
  for (const bad of ["", "-x", "a;b", "../x", "a b", "$(id)", "A", "12", "thinclient", "a\nb"]) {
    assertThrows(() => hostName(bad), TowerError, "a name must have 1 to 15 of a-z");
  }
  assertEquals(hostName("office-2"), "office-2" as never);
});

Deno.test("the router comes first, then the names in order", () => {
  assertEquals(["web", "router", "mail"].sort(compareHosts), ["router", "mail", "web"]);
});

Deno.test("hosts are chosen by name, each once, all by default; a broken one tells its fault", () => {
  const [a, b] = [testHost("a"), testHost("b", "192.168.2.201")];
  const error = new TowerError("malformed", "Cannot use c");
  const inventory = { hosts: [a, b], broken: [{ name: "c", error }] };
  assertEquals(chooseHosts(inventory, []), [a, b]);
  assertEquals(chooseHosts(inventory, ["b", "a", "b"]), [a, b]);
  assertThrows(() => findHost(inventory, "c"), TowerError, "Cannot use c");
  assertEquals(
    assertThrows(() => chooseHosts(inventory, ["x"]), TowerError).hint,
    "Known hosts: a, b",
  );
});
