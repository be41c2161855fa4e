import type { Interpretation } from "../../../lib/apk/scripts/interpret.ts";

/**
 * What is known of a script of Alpine's packages. The texts themselves are not here: they are
 * others' work, and known by their digests.
 */
export interface ScriptFact {
  readonly package: string;
  readonly script: "pre-install" | "post-install" | "trigger";
  /** SHA-256 of every text that does just this, of whatever release. */
  readonly texts: readonly string[];
  /** What it does, in one sentence. */
  readonly does: string;
  readonly did: Interpretation["did"];
  /** What the record says of it, where it was followed to its end; or what it stumbles over. */
  readonly says?: string;
  /** Scripts of our own that do the same in other words: as a later release may have it. */
  readonly own: readonly string[];
  readonly args: readonly string[];
  /** What it finds beside a fresh Alpine root, as text by path; null for a directory. */
  readonly given: Readonly<Record<string, string | null>>;
}

/** A fact with what most have. */
export function fact(
  of: Omit<ScriptFact, "args" | "given"> & Partial<Pick<ScriptFact, "args" | "given">>,
): ScriptFact {
  const args = of.script === "trigger" ? ["/usr/share/watched"] : ["1.0-r0"];
  const given = of.script === "trigger" ? { "usr/share/watched": null } : {};
  return { args, given, ...of };
}

/** A script of the shell from its lines. */
export function sh(...lines: string[]): string {
  return ["#!/bin/sh", ...lines, ""].join("\n");
}
