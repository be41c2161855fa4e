/** What a thin client on a disk is told at every start. Each value obeys its rule of tower.env. */
export interface Settings {
  readonly hostname: string;
  readonly username: string;
  /** As crypt(5) has it. */
  readonly passwordHash: string;
  readonly keyboardLayout: string;
  readonly keyboardVariant: string;
  readonly timezone: string;
  readonly lang: string;
}

/** Where they lie on the partition `data`. */
export const SETTINGS_FILE = "tower/settings";

/**
 * The file that the thin client's `/usr/lib/tower/installed` reads: a line for each, by the names of the
 * answers, of characters that need no quotes.
 */
export function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}=${value}\n`)
    .join("");
}
