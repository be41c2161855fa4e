import { type CommandNode, type PlacedCommand, placesOf } from "../completion/command_tree.ts";

/** What a manual says beside the commands. */
export interface ManualFacts {
  readonly version: string;
  /** Exit codes and what they mean, in order. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
}

/** A program's manual as plain text for a terminal. */
export function manualText(program: CommandNode, facts: ManualFacts): string {
  const lines: string[] = [];
  const section = (title: string) => void lines.push(title.toUpperCase());
  const item = (head: string, body: string) => void lines.push(`  ${head}`, `      ${body}`);
  section("Name");
  lines.push(`  ${program.name} - ${plain(program.description)}`, "");
  for (const place of placesOf(program)) {
    section(synopsisName(program, place));
    lines.push(`  ${synopsisOf(program, place)}`);
    if (place.path.length > 0) lines.push(`  ${place.command.description}`);
    lines.push("");
    for (const { name, description } of place.command.arguments) {
      if (description) item(name, description);
    }
    for (const { usage, description } of place.command.options) item(usage, description);
    lines.push("");
  }
  section("Exit status");
  for (const [code, meaning] of facts.exitCodes) lines.push(`  ${code}  ${meaning}`);
  lines.push("", `${program.name} ${facts.version}`, "");
  return lines.join("\n");
}

/** A program's manual as a page for man(1), in the macros of man(7). */
export function manualPage(program: CommandNode, facts: ManualFacts): string {
  const lines = [
    `.TH ${roff(program.name.toUpperCase())} 1 "" "${roff(`${program.name} ${facts.version}`)}"`,
    ".SH NAME",
    `${roff(program.name)} \\- ${roff(plain(program.description))}`,
  ];
  for (const place of placesOf(program)) {
    const isProgram = place.path.length === 0;
    lines.push(isProgram ? ".SH SYNOPSIS" : `.SH ${roff(synopsisName(program, place))}`);
    lines.push(`.B ${roff(synopsisOf(program, place))}`);
    if (!isProgram) lines.push(".PP", roff(place.command.description));
    for (const { name, description } of place.command.arguments) {
      if (description) lines.push(".TP", `.I ${roff(name)}`, roff(description));
    }
    for (const { usage, description } of place.command.options) {
      lines.push(".TP", `.B ${roff(usage)}`, roff(description));
    }
  }
  lines.push(".SH EXIT STATUS");
  for (const [code, meaning] of facts.exitCodes) lines.push(".TP", String(code), roff(meaning));
  return lines.join("\n") + "\n";
}

function synopsisName(program: CommandNode, { path }: PlacedCommand): string {
  return path.length === 0 ? "Synopsis" : [program.name, ...path].join(" ");
}

function synopsisOf(program: CommandNode, { path, command }: PlacedCommand): string {
  const args = command.arguments.map(({ name, isRequired, isVariadic }) => {
    const text = `${name}${isVariadic ? "..." : ""}`;
    return isRequired ? `<${text}>` : `[${text}]`;
  });
  const rest = command.commands.length > 0 ? ["<command>"] : args;
  return [program.name, ...path, "[options]", ...rest].join(" ");
}

/** A description as man-pages(7) wants it after a name: without a period. */
function plain(description: string): string {
  return description.replace(/\.$/, "");
}

/** Text on a line of its own or after a macro: no character of it drives roff (groff(7)). */
function roff(text: string): string {
  const safe = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll('"', "\\(dq")
    .replace(/\s+/g, " ")
    .replace(/[^\x20-\x7e]/gu, (c) => `\\[u${codeOf(c)}]`);
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

/** The code of a character as groff names it: four hexadecimal digits at least. */
function codeOf(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
}
