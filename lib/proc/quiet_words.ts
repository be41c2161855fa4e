import type { Runner } from "./command.ts";

/** The words that make a program root's without a question, where somebody allowed that. */
export async function quietWords(runner: Runner): Promise<readonly string[] | undefined> {
  for (const program of ["doas", "sudo"]) {
    if (!runner.which(program)) continue;
    const words = [program, "-n"] as const;
    const { ending } = await runner.run({ argv: [...words, "true"], okCodes: [0, 1] });
    if (ending.kind === "exited" && ending.code === 0) return words;
  }
  return undefined;
}
