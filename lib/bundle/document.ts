import { z } from "zod";
import { readDependency } from "../apk/dependency.ts";
import { canonicalJson } from "../json.ts";
import { decodeJson } from "../schema/json_document.ts";

/** Name of the file in a bundle that says what it is for. */
export const DOCUMENT_FILE = "bundle.json";

const host = z.string().regex(/^[a-z0-9-]{1,64}$/, "must be the name of a host");
const arch = z.string().regex(/^[a-z0-9_]{2,20}$/, "must be apk's name of an architecture");
/** What stands before `@` would be a password, which a bundle has not to carry. */
const url = z.string().max(2000).regex(
  /^https?:\/\/[^\x00-\x20\x7f-\uffff/?#@]+(\/[^\x00-\x20\x7f-\uffff?#@]*)?$/,
  "must be the plain URL of a repository",
).refine((text) => !text.endsWith("/") && URL.canParse(text), "must be the URL of a repository");
const wanted = z.string().refine(
  (text) => /^[!-~]{1,400}$/.test(text) && readDependency(text)?.conflict === false,
  "must be a package: name, name=1.2-r3, name~1.2, name>1 or name@tag",
);
/** Packages as they are asked for. */
export const wantedPackages = z.array(wanted).min(1).max(1000);

const document = z.strictObject({
  format: z.literal(1),
  /** What it was made for; without a host for any of that architecture. */
  for: z.array(z.strictObject({ host: host.optional(), arch, packages: wantedPackages }))
    .min(1).max(256),
  /** Where its folders `repositories/0`, `repositories/1` … come from. */
  repositories: z.array(z.strictObject({ url, arch })).min(1).max(256),
});

/** What a bundle says of itself. */
export type BundleDocument = z.infer<typeof document>;

/** @param what for messages @throws {TowerError} `malformed` */
export function parseDocument(text: string, what: string): BundleDocument {
  return decodeJson({ text, what }, document);
}

/** The same value gives the same text. */
export function formatDocument(value: BundleDocument): string {
  return `${canonicalJson(value, 2)}\n`;
}

/** A repository's URL as a bundle knows it: without the user and password that a host may have in it. */
export function plainUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1");
}
