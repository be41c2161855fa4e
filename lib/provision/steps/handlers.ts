import type { ProvisionKind } from "../../fleet/provision/steps.ts";
import type { Handler } from "./handler.ts";
import { makeHostKeys, takeAddress, writeSettings } from "./identity.ts";
import { compareImages, openMedium, writeImages, zeroMedia } from "./image.ts";
import { compareFiles, giveIdentities, putFiles, putInForce } from "./medium.ts";

/** A handler for each kind of step; none for what is done on the host itself once it is up. */
export const HANDLERS: Readonly<Record<ProvisionKind, Handler | undefined>> = {
  "take-address": takeAddress,
  "open-medium": openMedium,
  "make-keys": makeHostKeys,
  "write-settings": writeSettings,
  "zero": zeroMedia,
  "write-image": writeImages,
  "compare-image": compareImages,
  "put-files": putFiles,
  "give-identity": giveIdentities,
  "compare-files": compareFiles,
  "put-in-force": putInForce,
  "wait": undefined,
  "set-clock": undefined,
};
