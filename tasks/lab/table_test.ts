import { assert, assertEquals } from "@std/assert";
import { ARCHES } from "../../lib/brand.ts";
import { labFor } from "./table.ts";

Deno.test("every architecture has its kernel and UEFI loader; only PCs have a BIOS's", () => {
  for (const arch of ARCHES) {
    const names = labFor(arch).recipes.map((recipe) => recipe.name);
    assert(names.includes("linux-virt") && names.includes("systemd-boot"), arch);
    assertEquals(names.includes("syslinux"), arch === "x86_64");
    assertEquals(names.includes("linux-rpi"), arch !== "x86_64");
    assertEquals(new Set(names).size, names.length);
  }
});
