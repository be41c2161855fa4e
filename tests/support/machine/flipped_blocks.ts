import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import { readSuperblock } from "../../../lib/format/squashfs/superblock.ts";
import { dataBlocksOf, VERITY_BLOCK, verityGeometry } from "../../../lib/format/verity/geometry.ts";
import type { SealedBuild } from "./sealed_machine.ts";

/** Copies of a root and of its hash tree for a machine, of which the first has bits flipped. */
export interface FlippedCopies {
  readonly data: string;
  readonly hashes: string;
  /** Blocks of the root that have one. */
  readonly blocks: readonly number[];
  /** Of the root, with zeros where a block has one. */
  readonly digest: string;
}

/** A bit in each part of a squashfs. */
export function flipRoot({ folder }: SealedBuild): FlippedCopies {
  const [data, hashes] = [join(folder, "flipped.data"), join(folder, "flipped.hashes")];
  const bytes = Deno.readFileSync(join(folder, "lab-sealed.squashfs"));
  const root = readSuperblock(memorySource(bytes));
  const places = {
    "the superblock": 40,
    "the first data": 5000,
    "data in the middle": root.inodeTable >> 1,
    "fragments": root.inodeTable - 100,
    "inodes": root.inodeTable + 100,
    "more inodes": (root.inodeTable + root.directoryTable) >> 1,
    "directories": root.directoryTable + 100,
    "more directories": (root.directoryTable + root.fragmentTable) >> 1,
    "the table of fragments": root.fragmentTable,
    "the table of owners": root.idTable,
    "padding": bytes.length - 1,
  };
  const blocks = new Set<number>();
  for (const at of Object.values(places)) {
    bytes[at]! ^= 1;
    blocks.add(Math.floor(at / VERITY_BLOCK));
  }
  Deno.writeFileSync(data, bytes);
  Deno.copyFileSync(join(folder, "lab-sealed.verity"), hashes);
  for (const block of blocks) bytes.fill(0, block * VERITY_BLOCK, (block + 1) * VERITY_BLOCK);
  return {
    data,
    hashes,
    blocks: [...blocks].sort((a, b) => a - b),
    digest: hexOf(digestOf(bytes)),
  };
}

/** Opens what a machine has as its second and third disk, reads all of it, and tells of each block that it cannot. */
const READ_ALL = `
word=$(tr ' ' '\\n' < /proc/cmdline | sed -n 's/^roothash=//p')
data=/dev/vdb hashes=/dev/vdc
dmesg -c > /dev/null
veritysetup open $data flipped $hashes $word || exit 1
dd if=/dev/mapper/flipped bs=4096 conv=noerror,sync 2> /dev/null | sha256sum | cut -c 1-64
dmesg | sed -n 's/.*data block \\([0-9]*\\) is corrupted.*/\\1/p' | sort -nu
veritysetup close flipped
`;

/** The kernel reads all blocks but those that have a bit flipped; it names as many as it says in a short time. */
export async function readFlippedRoot(
  ssh: (command: string) => Promise<string>,
  { blocks, digest }: FlippedCopies,
): Promise<void> {
  const [sum, ...refused] = (await ssh(READ_ALL)).trim().split("\n");
  assertEquals(sum, digest);
  assert(refused.length > 0, "it did not say why");
  for (const block of refused) assert(blocks.includes(Number(block)), `it refuses block ${block}`);
}

/** What is flipped in a hash device, and whether it can be opened nevertheless. */
function treePlaces(dataBytes: number): readonly (readonly [what: string, at: number])[] {
  const { levels } = verityGeometry(dataBlocksOf(dataBytes));
  return [
    ...([["magic", 0], ["version", 8], ["kind", 12], ["algorithm", 32]] as const),
    ...([["block size", 65], ["hash block size", 69], ["number of blocks", 72]] as const),
    ...([["salt size", 80]] as const),
    // The digest of block 0 at each level.
    ...levels.map(({ first }, i) => [`tree, level ${i}`, first * VERITY_BLOCK + 3] as const),
  ];
}

const READ_FIRST = `
word=$(tr ' ' '\\n' < /proc/cmdline | sed -n 's/^roothash=//p')
for at in PLACES; do
  old=$(dd if=/dev/vdc bs=1 skip=$at count=1 2> /dev/null | hexdump -v -e '1/1 "%u"')
  put() { printf "\\\\$(printf %03o $1)" | dd of=/dev/vdc bs=1 seek=$at conv=notrunc 2> /dev/null; }
  put $((old ^ 1))
  if veritysetup open /dev/vdb flipped /dev/vdc $word 2> /tmp/told; then
    dd if=/dev/mapper/flipped bs=4096 count=1 skip=2 2> /tmp/told | sha256sum | cut -c 1-64
    veritysetup close flipped
  else
    echo refused
  fi
  cat /tmp/told >&2
  put $old
done
`;

/** With a bit flipped in the hash device nothing is opened, or nothing read, but what was hashed. @returns how many */
export async function readFlippedTrees(
  ssh: (command: string) => Promise<string>,
  sealed: SealedBuild,
): Promise<number> {
  const bytes = Deno.readFileSync(join(sealed.folder, "lab-sealed.squashfs"));
  const places = treePlaces(bytes.length);
  const script = READ_FIRST.replace("PLACES", places.map(([, at]) => at).join(" "));
  const answers = (await ssh(script)).trim().split("\n");
  assertEquals(answers.length, places.length);
  const nothing = hexOf(digestOf(""));
  const right = hexOf(digestOf(bytes.subarray(2 * VERITY_BLOCK, 3 * VERITY_BLOCK)));
  for (const [i, [what]] of places.entries()) {
    assertMatch(answers[i]!, new RegExp(`^(refused|${nothing}|${right})$`), what);
    if (what.startsWith("tree")) assertEquals([what, answers[i]], [what, nothing]);
  }
  return places.length;
}
