/** Seconds of 1980-01-01 and of the last even second that FAT can name, 2107-12-31 23:59:58. */
const FIRST = 315532800;
const LAST = 4354819198;

/** A moment as a directory entry stores it (UTC, as Linux and UEFI read it). */
export interface FatTime {
  /** Bits 15-9 years since 1980, 8-5 month from 1, 4-0 day from 1. */
  readonly date: number;
  /** Bits 15-11 hours, 10-5 minutes, 4-0 seconds halved. */
  readonly time: number;
}

/** The FAT time of seconds since 1970, rounded down to 2 seconds, clamped to 1980..2107. */
export function fatTime(seconds: number): FatTime {
  const clamped = Math.min(Math.max(Math.floor(seconds), FIRST), LAST);
  const at = new Date(clamped * 1000);
  return {
    date: (at.getUTCFullYear() - 1980) << 9 | (at.getUTCMonth() + 1) << 5 | at.getUTCDate(),
    time: at.getUTCHours() << 11 | at.getUTCMinutes() << 5 | at.getUTCSeconds() >> 1,
  };
}
