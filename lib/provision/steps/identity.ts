import { basename } from "@std/path";
import { hostFolder } from "../../fleet/paths.ts";
import { writeFileAtomic } from "../../files/files.ts";
import { openStaging } from "../../inventory/staging.ts";
import { COLORS } from "../../tower_env/rules.ts";
import { writeTowerEnv } from "../../tower_env/tower_env.ts";
import { imageVersion } from "../../release/image_name.ts";
import { bootFiles, diskKeyIn, makeKeys, publicKeyIn, towerEnvOf } from "../identity.ts";
import { oneByOne } from "./handler.ts";

/** Its keys and settings are made in a staged folder; nothing of them is in force yet. */
export const takeAddress = oneByOne(async (making, { place, plan, owned }) => {
  const side = making.plan.request.role === "offline" ? "offline" : "online";
  making.staging = owned.use(await openStaging(place, plan, side, making.name));
});

export const makeHostKeys = oneByOne(async ({ plan, name, staging }, site) => {
  const { env, place, reporter } = site;
  const id = `keys of ${name}`;
  reporter.report({ type: "step", id, title: `make the keys of ${name}` });
  const diskKey = plan.request.wipesRootDevice ? undefined : diskKeyIn(hostFolder(place, name));
  await makeKeys(staging, { keyPair: plan.keyPair, diskKey }, env.runner);
  reporter.report({ type: "done", id });
});

export const writeSettings = oneByOne((making, { plan: addresses }) => {
  const { plan: { request, image }, index, staging } = making;
  const color = request.color ?? COLORS[index % COLORS.length]!;
  const host = { address: staging.address, publicKey: publicKeyIn(staging), color };
  const settings = towerEnvOf(request, addresses, host, imageVersion(basename(image.path)));
  writeFileAtomic(`${staging.folder}/tower.env`, writeTowerEnv(settings, "thinclient"), 0o600);
  making.files = bootFiles(staging.folder, settings);
  return Promise.resolve();
});
