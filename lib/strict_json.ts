/** Most characters of a name that a message quotes. */
const MOST_SHOWN = 60;

/**
 * Reads JSON in which no object has a name twice: RFC 8259, section 4, leaves open which one counts,
 * so that two readers of one text may see different values.
 *
 * @throws {SyntaxError} that says what is wrong
 */
export function strictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const double = doubleName(text);
  if (double === undefined) return value;
  const { name, offset } = double;
  const before = text.slice(0, offset).split("\n");
  const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  const shown = name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name;
  throw new SyntaxError(`an object has ${JSON.stringify(shown)} twice (${place})`);
}

/** The first name that its object has already. @param text valid JSON */
function doubleName(text: string): { name: string; offset: number } | undefined {
  // Of each object or list that is open: the names of an object, nothing of a list.
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      isName = c === "{";
      open.push(isName ? new Set() : undefined);
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === ",") {
      isName = open.at(-1) !== undefined;
    } else if (c === ":") {
      isName = false;
    } else if (c === '"') {
      const end = endOfString(text, i);
      const names = isName ? open.at(-1)! : undefined;
      if (names) {
        // One name has several spellings: "a" is "\u0061".
        const name: string = JSON.parse(text.slice(i, end));
        if (names.has(name)) return { name, offset: i };
        names.add(name);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** A regular expression would take a stack as deep as the string is long. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1);; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text[escapes - 1] === "\\") escapes--;
    if ((end - escapes) % 2 === 0) return end + 1;
  }
}
