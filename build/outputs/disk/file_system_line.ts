/** A file system of some kind in a few words. */
export function fileSystemLine({ kind, label, folder }: {
  readonly kind: string;
  readonly label: string;
  readonly folder?: string;
}): string {
  return `${kind} "${label}"${folder === undefined ? ", empty" : ` of /${folder}`}`;
}
