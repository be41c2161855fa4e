import { assertEquals } from "@std/assert";
import { asIdentity, identityOf } from "./identity.ts";

const BYTES = new TextEncoder().encode("control");

for (const kind of ["Q1", "Q2"] as const) {
  Deno.test(`every spelling of a ${kind} hash is one identity`, () => {
    const identity = identityOf(BYTES, kind);
    const hash = Uint8Array.fromBase64(identity.slice(2));
    assertEquals(asIdentity(identity), identity);
    assertEquals(asIdentity(`X${kind[1]}${hash.toHex()}`), identity);
    assertEquals(asIdentity(`X${kind[1]}${hash.toHex().toUpperCase()}`), identity);
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const last = digits.indexOf(identity.at(-2)!);
    assertEquals(last % 4, 0);
    for (const more of [1, 2, 3]) {
      assertEquals(asIdentity(`${identity.slice(0, -2)}${digits[last + more]}=`), identity);
    }
  });
}

Deno.test("what is no hash is no identity", () => {
  const identity = identityOf(BYTES, "Q1");
  const wrong = ["", "Q1", identity.slice(0, -1), `${identity}=`, `Q2${identity.slice(2)}`];
  wrong.push(identity.replace("Q1", "Q3"), identity.replace("Q1", "q1"), `X1${"0".repeat(39)}`);
  wrong.push(`${identity}\n`, `Q1${"-".repeat(27)}=`);
  for (const text of wrong) assertEquals(asIdentity(text), undefined, text);
});
