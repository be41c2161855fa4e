import type { Env } from "../env.ts";
import { keyboardIn, languageIn, type PlaceFiles, timezoneIn } from "../locale/place.ts";
import { exists, isFolder, linkTarget, listDir, readText } from "../files/files.ts";
import type { Locale } from "./request.ts";

const LIMIT = 65536;

/** The thin client's own place, from its files and variables; hosts get it unless told another. */
export function placeOf(env: Pick<Env, "etc" | "variable">): Locale {
  const files = placeFiles(env.etc);
  const keyboard = keyboardIn(files) ?? { layout: "us", variant: "us" };
  const user = env.variable("USER") ?? env.variable("LOGNAME") ?? "tower";
  return {
    username: user === "root" ? "tower" : user,
    keyboardLayout: keyboard.layout,
    keyboardVariant: keyboard.variant,
    timezone: timezoneIn(files, env.variable("TZ")) ?? "UTC",
    lang: languageIn(files, env.variable("LANG")) ?? "en_US",
  };
}

function placeFiles(etc: string): PlaceFiles {
  const text = (name: string) => {
    const path = `${etc}/${name}`;
    return exists(path) && !isFolder(path) ? readText(path, LIMIT) : undefined;
  };
  return {
    loadkmap: text("conf.d/loadkmap"),
    keymaps: isFolder(`${etc}/keymap`) ? listDir(`${etc}/keymap`) : undefined,
    vconsole: text("vconsole.conf"),
    keyboard: text("default/keyboard"),
    localtime: linkTarget(`${etc}/localtime`),
    timezone: text("timezone"),
    localeConf: text("locale.conf"),
    locale: text("default/locale"),
  };
}
