/** Kinds of artifacts that a device can hold as they are, and that a machine starts from. */
export const IMAGE_KINDS = ["disk", "iso"] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];
