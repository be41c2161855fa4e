import { assertEquals } from "@std/assert";
import { passwordStrength } from "./password_strength.ts";

Deno.test("what is short, repeated, in a row or known of the machine is no strong password", () => {
  const cases: [string, string][] = [
    ["", "weak"],
    ["hunter2", "weak"],
    ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "weak"],
    ["abcdefghijklmnopqrstuvwxyz0123456789", "weak"],
    ["abababababababababababab", "weak"],
    ["ada-lovelace", "weak"],
    ["tr4cKw8m", "fair"],
    ["tr4cKw8m-q2Z", "good"],
    ["wobbly giraffe mends 3 clocks", "strong"],
  ];
  for (const [password, strength] of cases) {
    assertEquals(passwordStrength(password, ["ada", "lovelace"]), strength, password);
  }
});
