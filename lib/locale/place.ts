import { assignments } from "./assignments.ts";

/** What a machine's files say of where it stands; undefined where there is no such file. */
export interface PlaceFiles {
  /** `conf.d/loadkmap`, as Alpine's setup-keymap writes it. */
  readonly loadkmap?: string | undefined;
  /** The names in `keymap/`, where Alpine keeps the console's layout. */
  readonly keymaps?: readonly string[] | undefined;
  /** `vconsole.conf` of systemd. */
  readonly vconsole?: string | undefined;
  /** `default/keyboard` of Debian. */
  readonly keyboard?: string | undefined;
  /** What `localtime` is a link to. */
  readonly localtime?: string | undefined;
  /** `timezone` of Debian. */
  readonly timezone?: string | undefined;
  /** `locale.conf` of systemd. */
  readonly localeConf?: string | undefined;
  /** `default/locale` of Debian. */
  readonly locale?: string | undefined;
}

/** A layout and its variant, which is the layout's name or begins with it (facts §2.2). */
export interface Keyboard {
  readonly layout: string;
  readonly variant: string;
}

/**
 * The keyboard of a machine, undefined where its files tell none. Names are as they stand there:
 * whether they obey tower.env's rules is another question.
 */
export function keyboardIn(files: PlaceFiles): Keyboard | undefined {
  const file = assignments(files.loadkmap ?? "").get("KEYMAP")?.split("/").at(-1) ??
    (files.keymaps?.length === 1 ? files.keymaps[0] : undefined);
  const console = /^(.+)\.bmap(?:\.gz)?$/.exec(file ?? "")?.[1];
  if (console !== undefined) return { layout: console.split("-")[0]!, variant: console };
  const vconsole = assignments(files.vconsole ?? "");
  const keymap = vconsole.get("KEYMAP")?.split("-")[0];
  return xkb(vconsole) ?? (keymap ? { layout: keymap, variant: keymap } : undefined) ??
    xkb(assignments(files.keyboard ?? ""));
}

/** The first of the layouts between which a user of X switches. */
function xkb(values: ReadonlyMap<string, string>): Keyboard | undefined {
  const [layout] = (values.get("XKBLAYOUT") ?? "").split(",");
  const [variant] = (values.get("XKBVARIANT") ?? "").split(",");
  if (!layout) return undefined;
  return { layout, variant: variant ? `${layout}-${variant}` : layout };
}

/** The time zone of a machine by its name in the time zone database (tzset(3), localtime(5)). */
export function timezoneIn(files: PlaceFiles, tz: string | undefined): string | undefined {
  // Rules such as CET-1CEST are no name.
  const named = /^:?([A-Za-z]+(?:\/[A-Za-z0-9_+-]+)+|UTC)$/.exec(tz ?? "")?.[1];
  const linked = /(?:^|\/)zoneinfo\/(?:(?:posix|right)\/)?(.+)$/.exec(files.localtime ?? "")?.[1];
  return named ?? linked ?? (files.timezone?.trim().split("\n")[0] || undefined);
}

/** The language of a machine as `en_US`, encoding and modifier left out; `C` is none. */
export function languageIn(files: PlaceFiles, lang: string | undefined): string | undefined {
  const texts = [
    lang,
    ...[files.localeConf, files.locale].map((f) => assignments(f ?? "").get("LANG")),
  ];
  return texts.map((text) => /^([a-z]{2,3}_[A-Z]{2})(?:[.@]|$)/.exec(text ?? "")?.[1])
    .find((found) => found !== undefined);
}
