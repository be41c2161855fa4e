import { assertEquals, assertThrows } from "@std/assert";
import { sha512Crypt } from "./sha512_crypt.ts";

Deno.test("hashes of passwords are what openssl passwd -6 makes", () => {
  assertEquals(
    sha512Crypt("Hello world!", "saltstring"),
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  );
  assertThrows(() => sha512Crypt("x", "a$b"), RangeError);
});
