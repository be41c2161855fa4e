import { NULL, objectId, sequence } from "./der.ts";

/** Algorithms as certificates and signatures name them (RFC 4055, §5; RFC 8017, appendix C). */
export const SHA256: Uint8Array = sequence(objectId("2.16.840.1.101.3.4.2.1"), NULL);
export const RSA: Uint8Array = sequence(objectId("1.2.840.113549.1.1.1"), NULL);
export const SHA256_WITH_RSA: Uint8Array = sequence(objectId("1.2.840.113549.1.1.11"), NULL);
