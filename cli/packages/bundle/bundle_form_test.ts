import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { formOf, type FormOptions } from "./bundle_form.ts";

const form = (options: Partial<FormOptions>, behind: readonly string[] = []) =>
  formOf({ offline: false, newSources: false, ...options }, behind);
const own = { arch: "x86_64", repository: ["https://example.org"], keys: "keys" };

Deno.test("a bundle is for hosts, for a request, or for packages", () => {
  const hosts = { for: ["vault", "wget"], offline: true, newSources: true };
  const words = ["vault", "wget", "vault"];
  assertEquals(form(hosts, ["vault"]), { kind: "hosts", words, literal: 1 });
  assertEquals(form({ asked: "wish" }), { kind: "asked", request: "wish" });
  const { repository: repositories, ...rest } = own;
  assertEquals(form({ packages: ["wget"], ...own }), {
    ...{ kind: "packages", packages: ["wget"], repositories },
    ...rest,
  });
});

Deno.test("what belongs to another form is refused, as is none and two", () => {
  for (
    const [options, says] of [
      [{}, "one of"],
      [{ for: ["vault"], asked: "wish" }, "one of"],
      [{ for: ["vault", "wget"], arch: "x86_64" }, "go with --packages"],
      [{ asked: "wish", keys: "keys" }, "go with --packages"],
      [{ asked: "wish", offline: true }, "go with --for"],
      [{ packages: ["wget"], ...own, newSources: true }, "go with --for"],
      [{ packages: ["wget"], arch: "x86_64" }, "--packages needs"],
      [{ packages: ["wget"], ...own, arch: "../x" }, "no architecture"],
    ] as const
  ) assertEquals(assertThrows(() => form(options), TowerError, says).code, "usage");
  assertThrows(() => form({ asked: "wish" }, ["vault"]), TowerError, '"vault" is not of --for');
});
