/** `NAME=value` with quotes or without; nothing that a shell would have to work out. */
const LINE =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"$`\\]*)"|'([^']*)'|([^\s"'$`\\;&|<>()#]*))[ \t]*(?:#.*)?$/;

/**
 * The assignments of a settings file, such as those in /etc/conf.d and /etc/default. It is read,
 * never run: lines of any other shape are left out. The last of a name counts.
 */
export function assignments(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const match = LINE.exec(line.replace(/\r$/, ""));
      return match ? [[match[1]!, match[2] ?? match[3] ?? match[4] ?? ""] as const] : [];
    }),
  );
}
