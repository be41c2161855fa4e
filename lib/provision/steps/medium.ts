import { putBootFile } from "../../boot/boot_partition.ts";
import { giveIdentity } from "../../boot/card_identity.ts";
import { eachCard } from "../../disk/flash.ts";
import type { Uuid } from "../../format/uuid.ts";
import { commitHost, locked } from "../../inventory/inventory_files.ts";
import { requireFiles } from "../medium.ts";
import type { Handler } from "./handler.ts";

/** Another program's image. */
const UNNAMED = {
  type: "warning",
  message: "the image's loader names no root by UUID: cards of it can be taken for each other",
} as const;

export const putFiles: Handler = (makings) =>
  eachCard(makings, (medium, { files }) => {
    for (const file of files) putBootFile(medium, file);
    return Promise.resolve();
  });

export const giveIdentities: Handler = (makings, { reporter }) =>
  eachCard(makings, (medium) => {
    if (!giveIdentity(medium, crypto.randomUUID() as Uuid)) reporter.report(UNNAMED);
    return Promise.resolve();
  });

export const compareFiles: Handler = (makings) =>
  eachCard(makings, async (medium, { files }) => {
    await medium.flush();
    requireFiles(medium, files);
  });

export const putInForce: Handler = (makings, { place }) =>
  eachCard(makings, async (medium, { name, staging }) => {
    await medium.commit();
    await locked(place, () => commitHost(place, name, staging.folder));
  });
