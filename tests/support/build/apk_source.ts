import type { Identity } from "../../../lib/apk/identity.ts";
import type { Digest } from "../../../lib/brand.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import type { ApkSource } from "../../../build/sources/apk_lock.ts";

/** What stands for any digest. */
export const ZERO_DIGEST = `sha256:${"0".repeat(64)}` as Digest;
export const APK_KEY = { name: "k.rsa.pub", digest: digestOf("pem"), pem: "pem" };
/** Of a lock: one package of one repository. */
export const APK_SOURCE: ApkSource = {
  kind: "apk",
  name: "root",
  inputs: ZERO_DIGEST,
  repositories: [{ name: "lab", index: ZERO_DIGEST }],
  keys: [APK_KEY],
  packages: [{
    name: "busybox",
    version: "1.36-r0",
    repository: 0,
    identity: "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=" as Identity,
    digest: ZERO_DIGEST,
    size: 1,
    buildTime: 2,
  }],
};
