import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { bootPartition, LOADER, type SealedBuild, UNIFIED_IMAGE } from "./sealed_machine.ts";

/** Places of a signed program, by what is there. */
function placesIn(bytes: Uint8Array, sections: readonly string[]): [what: string, at: number][] {
  const pe = readPe(memorySource(bytes));
  return [
    ["its entry point", pe.optionalHeader + 16],
    ["its machine", pe.coffHeader],
    ["its table of sections", pe.sectionTable + 12],
    ...sections.map((wanted): [string, number] => {
      const { rawOffset, virtualSize } = pe.sections.find(({ name }) => name === wanted)!;
      return [wanted, rawOffset + (virtualSize >> 1)];
    }),
    ["the kind of its signature", pe.certificates!.offset + 6],
    ["its signature", pe.certificates!.offset + pe.certificates!.size - 40],
  ];
}

/** sbverify refuses each program with one bit flipped, and takes it as it is. @returns how many places */
export async function refuseFlippedPrograms(
  runner: Runner,
  sealed: SealedBuild,
  keys: string,
): Promise<number> {
  const file = join(sealed.folder, "program.efi");
  const verify = async () => {
    const { ending, stdout, stderr } = await runner.run({
      argv: ["sbverify", "--cert", join(keys, "public/db.crt"), file],
      okCodes: [0, 1],
    });
    const told = new TextDecoder().decode(new Uint8Array([...stdout, ...stderr]));
    return { isTaken: ending.kind === "exited" && ending.code === 0, told };
  };
  let count = 0;
  const parts = [
    [LOADER, [".text", ".data"]],
    [UNIFIED_IMAGE, [".text", ".osrel", ".cmdline", ".linux", ".initrd"]],
  ] as const;
  for (const [path, sections] of parts) {
    await runner.run({ argv: ["mcopy", "-n", "-i", bootPartition(sealed), `::${path}`, file] });
    const bytes = Deno.readFileSync(file);
    const whole = await verify();
    assertEquals(whole, { isTaken: true, told: whole.told });
    for (const [what, at] of placesIn(bytes, sections)) {
      bytes[at]! ^= 1;
      Deno.writeFileSync(file, bytes);
      bytes[at]! ^= 1;
      const { isTaken, told } = await verify();
      assertEquals([path, what, isTaken], [path, what, false], told);
      assertMatch(told, /fail|invalid|error|No signature/i, `${what} of ${path}`);
      count++;
    }
    Deno.removeSync(file);
  }
  return count;
}
