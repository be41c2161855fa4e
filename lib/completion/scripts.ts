import { bashScript } from "./bash.ts";
import { checked, type CommandNode, placesOf } from "./command_tree.ts";
import { fishScript } from "./fish.ts";
import type { ObjectTable } from "./objects.ts";
import { zshScript } from "./zsh.ts";

/** Shells that a script can be made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/**
 * A script that completes a program's commands, options and their values in a shell.
 * @param table What stands for values and arguments; for those that it lacks nothing is proposed.
 */
export function completionScript(program: CommandNode, shell: Shell, table: ObjectTable): string {
  const makers = { bash: bashScript, zsh: zshScript, fish: fishScript };
  for (const { words = [] } of Object.values(table)) words.forEach(checked);
  return makers[shell](program, placesOf(program), table);
}

/** How each shell is made to use a program's script. */
export function completionAdvice(program: string): string {
  return [
    "From the shell's next start on:",
    `  bash, in ~/.bashrc: source <(${program} completion bash)`,
    `  zsh, in ~/.zshrc behind compinit: source <(${program} completion zsh)`,
    `  fish, in ~/.config/fish/config.fish: ${program} completion fish | source`,
  ].join("\n");
}
