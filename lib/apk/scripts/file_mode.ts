/** Bits that a new mode has, from the old one and what kind of entry it is. */
export type ModeChange = (mode: number) => number;

const WHO = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 } as const;
const PERMISSION = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 } as const;
/** What apk gives a script (src/database.c, apk_db_run_script). */
const UMASK = 0o022;

/** A mode of `chmod`: octal, or clauses such as `u+s,go-w`. Undefined when not understood. */
export function parseMode(text: string): ModeChange | undefined {
  const octal = parseOctal(text);
  if (octal !== undefined) return () => octal;
  const clauses = text.split(",").map(parseClause);
  if (!clauses.every((c) => c !== undefined)) return undefined;
  return (mode) => clauses.reduce((m, clause) => clause(m), mode);
}

/** One to four octal digits. */
export function parseOctal(text: string): number | undefined {
  return /^[0-7]{1,4}$/.test(text) ? parseInt(text, 8) : undefined;
}

function parseClause(text: string): ModeChange | undefined {
  const match = /^([ugoa]{0,4})([-+])([rwxst]{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, who, operator, permissions] = match as unknown as [string, string, string, string];
  let mask = 0, bits = 0;
  for (const w of who === "" ? "a" : who) mask |= WHO[w as keyof typeof WHO];
  for (const p of permissions) bits |= PERMISSION[p as keyof typeof PERMISSION];
  bits &= who === "" ? mask & ~UMASK : mask;
  return operator === "+" ? (mode) => mode | bits : (mode) => mode & ~bits;
}
