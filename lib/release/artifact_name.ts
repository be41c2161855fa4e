/** What the name of an artifact may tell. */
export interface NamedBuild {
  /** The manifest's, where it has one. */
  readonly version: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** An output's file name with `{version}` and `{timestamp}` filled in. */
export function artifactName(template: string, { version, epoch }: NamedBuild): string {
  return template.replaceAll("{version}", version ?? "{version}")
    .replaceAll("{timestamp}", timestamp(epoch));
}

/** A time as names of TowerOS' images tell it: YYYYmmddHHMMSS, in UTC. */
function timestamp(epoch: number): string {
  return new Date(epoch * 1000).toISOString().slice(0, 19).replace(/[-:T]/g, "");
}
