/** Seconds of 1900-01-01 and of the last second that a byte of years can name, in 2155. */
const FIRST = -2208988800;
const LAST = 5869583999;

function dateOf(seconds: number): Date {
  return new Date(Math.min(Math.max(Math.floor(seconds), FIRST), LAST) * 1000);
}

/**
 * The seven bytes of a recorded date (ECMA-119 §9.1.5), in UTC.
 * @param seconds since 1970; clamped to the years 1900 to 2155
 */
export function shortDate(seconds: number): Uint8Array {
  const at = dateOf(seconds);
  return Uint8Array.of(
    at.getUTCFullYear() - 1900,
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    0,
  );
}

/** The seventeen bytes of a volume descriptor's date (§8.4.26.1): sixteen digits and the zone. */
export function longDate(seconds: number): Uint8Array {
  const digits = dateOf(seconds).toISOString().replace(/\D/g, "").slice(0, 14);
  return new TextEncoder().encode(`${digits}00\0`);
}

/** The same for a date that is not given. */
export const NO_LONG_DATE: Uint8Array = new TextEncoder().encode(`${"0".repeat(16)}\0`);

/** Seconds since 1970 of a short date; undefined for numbers that are no date. */
export function secondsOfShort(bytes: Uint8Array): number | undefined {
  const [year, month, day, hour, minute, second, zone] = bytes as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return secondsAt([1900 + year, month, day, hour, minute, second], zone);
}

/** Seconds since 1970 of a long date; undefined for what is no date. */
export function secondsOfLong(bytes: Uint8Array): number | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\d\d/.exec(
    new TextDecoder("latin1").decode(bytes.subarray(0, 16)),
  );
  if (!digits) return undefined;
  return secondsAt(digits.slice(1).map(Number) as Fields, bytes[16]!);
}

type Fields = [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
];

/** @param zone quarters of an hour east of Greenwich, a signed byte */
function secondsAt([year, month, day, hour, minute, second]: Fields, zone: number) {
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) {
    return undefined;
  }
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - (zone << 24 >> 24) * 900;
}
