import type { CommandUnknownOpts, Help, HelpConfiguration } from "@commander-js/extra-typings";

/** Characters beside what they are of that descriptions need at least. */
const BESIDE = 40;
/** Characters in a line below which nothing is wrapped. */
const NARROWEST = 16;
const INDENT = "  ";

/**
 * Help in lines that fit the terminal: where too little room is beside options and commands, their
 * descriptions stand below them. Commander would leave them as one line each.
 */
export const helpLayout: HelpConfiguration = {
  minWidthToWrap: NARROWEST,
  // What commander would ask Node's modules for, which take longer to load than all the rest.
  displayWidth: (text) => text.length,
  styleUsage(this: Help, usage) {
    const before = "Usage: ".length;
    return hung(this.boxWrap(usage, widthOf(this) - before), " ".repeat(before));
  },
  formatItem(term, termWidth, description, helper) {
    if (description === "") return INDENT + term;
    const room = widthOf(helper) - termWidth - 2 * INDENT.length;
    if (room >= BESIDE) {
      const before = INDENT + term.padEnd(termWidth) + INDENT;
      return before + hung(helper.boxWrap(description, room), " ".repeat(before.length));
    }
    const below = INDENT.repeat(3);
    const wrapped = helper.boxWrap(description, widthOf(helper) - below.length);
    return `${INDENT}${term}\n${below}${hung(wrapped, below)}`;
  },
};

/** Lines of which all but the first begin with something. */
const hung = (text: string, before: string) => text.replaceAll("\n", `\n${before}`);

/** Commander leaves it open where it does not know it. */
const widthOf = ({ helpWidth }: Help) => helpWidth ?? 80;

/** A sentence that stands below all else, for `addHelpText("after", …)`. */
export function helpEnd(text: string) {
  return ({ command }: { readonly command: CommandUnknownOpts }): string => {
    const width = command.configureOutput().getOutHelpWidth?.() ?? 80;
    return `\n${command.createHelp().boxWrap(text, width)}`;
  };
}
