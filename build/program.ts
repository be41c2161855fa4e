import { fromFileUrl } from "@std/path";
import type { Digest } from "../lib/brand.ts";
import { programDigest } from "../lib/files/program_digest.ts";
import { IS_FROM_SOURCES } from "./inputs/lab_hint.ts";
import { VERSION_TEXT } from "./version.ts";

/** Folders with the sources of this program; one that is a single file has none. */
const SOURCES = IS_FROM_SOURCES
  ? ["build", "lib"].map((f) => fromFileUrl(new URL(`../${f}`, import.meta.url)))
  : undefined;

/** A digest of this program: what it made is of use to the same one alone. */
export function thisProgram(): Digest {
  return programDigest(VERSION_TEXT, SOURCES);
}
