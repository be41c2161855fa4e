import { bmapFile } from "./file_names.ts";

const MEDIA_TYPES = { disk: "application/vnd.efi.img", tar: "application/x-tar" } as const;

/**
 * A record of version 1 as one of version 2; anything else as it is. The first did not say of what
 * kind its artifacts are: only disks had a command line, and all that is known of other files is
 * their name. Nobody else may guess.
 */
export function fromVersion1(value: unknown): unknown {
  if (!isObject(value) || value["version"] !== 1) return value;
  const artifacts = ofEach(value["artifacts"], artifact);
  const images = Array.isArray(artifacts)
    ? artifacts.flatMap((a) => isObject(a) && a["kind"] === "disk" ? [a["file"]] : [])
    : [];
  const companions = ofEach(value["companions"], (item) => companion(item, images));
  return {
    ...value,
    version: 2,
    artifacts,
    ...(companions === undefined ? {} : { companions }),
  };
}

function ofEach(list: unknown, change: (item: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(change) : list;
}

function artifact(value: unknown): unknown {
  if (!isObject(value)) return value;
  const kind = "commandLine" in value
    ? "disk"
    : /\.tar(\.|$)/.test(String(value["file"]))
    ? "tar"
    : "cpio";
  const mediaType = kind === "cpio" ? "application/x-cpio" : MEDIA_TYPES[kind];
  return { ...value, kind, mediaType };
}

function companion(value: unknown, images: readonly unknown[]): unknown {
  if (!isObject(value) || value["kind"] !== "bmap") return value;
  const of = images.find((image) => bmapFile(String(image)) === value["file"]);
  return of === undefined ? value : { ...value, of };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
