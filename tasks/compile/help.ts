import type { Env } from "../../lib/env.ts";
import type { ProjectProgram } from "./programs.ts";

/** The widths that help is asked for in, nearly always: without a terminal, and in a wide one. */
const WIDTHS = [80, 100];

/** What `--help` of a program prints, by width. */
export async function helpOf(program: ProjectProgram, env: Env): Promise<Record<number, string>> {
  const texts: Record<number, string> = {};
  for (const columns of WIDTHS) {
    let text = "";
    const stdout = { write: (part: string) => void (text += part) };
    await program.run({ ...env, args: ["--help"], columns, stdout });
    texts[columns] = text;
  }
  return texts;
}
