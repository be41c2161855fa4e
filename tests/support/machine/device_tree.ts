import { concat } from "../../../lib/bytes/bytes.ts";

/** Tokens of a tree's structure, and bytes of a header (Devicetree Specification 0.4, §5). */
const [BEGIN, END, PROPERTY, HEADER] = [1, 2, 3, 40];

/**
 * A flattened device tree whose node `chosen` tells what a Raspberry Pi's firmware does: the number of the
 * partition that it started, as `bootloader/partition` (Raspberry Pi documentation, "Firmware parameters").
 *
 * @param tree such as QEMU dumps: `chosen` is at its top, and its properties come before nodes
 */
export function toldPartition(tree: Uint8Array, partition: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(tree.buffer, tree.byteOffset);
  const [structure, strings, reserved, stringBytes, bytes] = [8, 12, 16, 32, 36]
    .map((at) => view.getUint32(at)) as [number, number, number, number, number];
  const head = concat([words(BEGIN), named("chosen")]);
  const start = tree.findIndex((_, i) =>
    i >= structure && i % 4 === 0 && head.every((byte, j) => tree[i + j] === byte)
  );
  let at = start + head.length;
  while (view.getUint32(at) === PROPERTY) at += 12 + padded(view.getUint32(at + 4));
  const node = concat([
    ...[words(BEGIN), named("bootloader")],
    ...[words(PROPERTY, 4, stringBytes, partition), words(END)],
  ]);
  const map = tree.subarray(
    reserved,
    Math.min(...[structure, strings].filter((n) => n > reserved)),
  );
  const newStrings = concat([tree.subarray(strings, strings + stringBytes), named("partition")]);
  const newStructure = [tree.subarray(structure, at), node, tree.subarray(at, structure + bytes)];
  const offset = HEADER + map.length;
  const header = tree.slice(0, HEADER), fields = new DataView(header.buffer);
  fields.setUint32(4, offset + bytes + node.length + newStrings.length);
  fields.setUint32(8, offset);
  fields.setUint32(12, offset + bytes + node.length);
  fields.setUint32(16, HEADER);
  fields.setUint32(32, newStrings.length);
  fields.setUint32(36, bytes + node.length);
  return concat([header, map, ...newStructure, newStrings]);
}

const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4), view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
}

function named(name: string): Uint8Array {
  const bytes = new Uint8Array(padded(name.length + 1));
  bytes.set(new TextEncoder().encode(name));
  return bytes;
}
