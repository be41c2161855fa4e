import { apkFields, apkSource } from "../sources/apk_lock.ts";

/** What a lock says of packages, which was all that a lock of version 1 said. */
export const packagesFields = apkFields;
/** What a lock says of a source. */
export const lockedSource = apkSource;
