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

/** Seconds since 1970 of a moment that an entry stores; undefined where that is none. */
export function secondsOfFat({ date, time }: FatTime): number | undefined {
  const [year, month, day] = [1980 + (date >> 9), date >> 5 & 0xf, date & 0x1f];
  const [hour, minute, second] = [time >> 11, time >> 5 & 0x3f, 2 * (time & 0x1f)];
  const isDate = month >= 1 && month <= 12 && day >= 1;
  if (!isDate || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
