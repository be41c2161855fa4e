import { z } from "zod";
import { canonicalJson } from "../json.ts";
import { decodeJson } from "../schema/json_document.ts";
import { once } from "../schema/lists.ts";
import { wantedPackages } from "./document.ts";

/** Most bytes of a request: some 20 hosts with all their programs. */
export const REQUEST_LIMIT = 256 << 20;

const request = z.strictObject({
  format: z.literal(1),
  hosts: z.array(z.strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,64}$/, "must be the name of a host"),
    packages: wantedPackages,
    /** What its apk knows, as the host told it. */
    state: z.string().max(16 << 20),
  })).min(1).max(256).superRefine(once("name")),
});

/** What a machine with Internet is asked for hosts that it does not reach. */
export type BundleRequest = z.infer<typeof request>;

/** @param path for messages @throws {TowerError} `malformed` */
export function parseBundleRequest(text: string, path: string): BundleRequest {
  const hint = "tower bundle ask makes one, on the tower";
  return decodeJson({ text, what: `request "${path}"`, hint }, request);
}

/** The same value gives the same text. */
export function formatBundleRequest(value: BundleRequest): string {
  return `${canonicalJson(value, 2)}\n`;
}
