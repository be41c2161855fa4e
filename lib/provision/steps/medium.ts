import { giveIdentity } from "../../boot/card_identity.ts";
import { type HostVolumes, hostVolumes } from "../../boot/host_volumes.ts";
import { eachCard } from "../../disk/flash.ts";
import type { Medium } from "../../disk/medium.ts";
import { putRootFile } from "../../format/fat/inject.ts";
import type { Uuid } from "../../format/uuid.ts";
import { commitHost, locked } from "../../inventory/inventory_files.ts";
import type { Making } from "../making.ts";
import { requireFiles } from "../medium.ts";
import type { Handler } from "./handler.ts";

/** Another program's image. */
const UNNAMED = {
  type: "warning",
  message: "the image's loader names no root by UUID: cards of it can be taken for each other",
} as const;

function volumesOf(medium: Medium, { plan: { image } }: Making): HostVolumes {
  return hostVolumes(medium, image.made?.partitions);
}

export const putFiles: Handler = (makings) =>
  eachCard(makings, (medium, making) => {
    const { boot } = volumesOf(medium, making);
    for (const file of making.files) putRootFile(boot, file);
    return Promise.resolve();
  });

export const giveIdentities: Handler = (makings, { reporter }) =>
  eachCard(makings, (medium, making) => {
    if (!giveIdentity(volumesOf(medium, making), crypto.randomUUID() as Uuid)) {
      reporter.report(UNNAMED);
    }
    return Promise.resolve();
  });

export const compareFiles: Handler = (makings) =>
  eachCard(makings, async (medium, making) => {
    await medium.flush();
    requireFiles(volumesOf(medium, making), making.files);
  });

export const putInForce: Handler = (makings, { place }) =>
  eachCard(makings, async (medium, { name, staging }) => {
    await medium.commit();
    await locked(place, () => commitHost(place, name, staging.folder));
  });
