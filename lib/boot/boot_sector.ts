const SECTOR = 512;
/** ECMA-119 §6.2.1: the volume descriptors begin at sector 16 of 2048 bytes. */
const ISO_VOLUME = 16 * 2048;

/** Bytes from the start of a disk that {@linkcode startsMachine} looks at. */
export const HEAD_SIZE = ISO_VOLUME + 8;

/**
 * Whether a firmware finds anything to start in the head of a disk: a boot sector or MBR by its
 * signature, a GPT by its header (UEFI §5.3.2), or an ISO 9660 volume.
 */
export function startsMachine(head: Uint8Array): boolean {
  const has = (offset: number, text: string) =>
    new TextDecoder("latin1").decode(head.subarray(offset, offset + text.length)) === text;
  const isSigned = head[510] === 0x55 && head[511] === 0xaa;
  return isSigned || has(SECTOR, "EFI PART") || has(ISO_VOLUME + 1, "CD001");
}
