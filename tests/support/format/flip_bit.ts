/** Flips the lowest bit of a byte of a file; a second time puts it back. */
export function flipBit(path: string, at: number): void {
  using file = Deno.openSync(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  file.seekSync(at, Deno.SeekMode.Start);
  if (file.readSync(byte) !== 1) throw new RangeError(`"${path}" has no byte ${at}`);
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(Uint8Array.of(byte[0]! ^ 1));
}
