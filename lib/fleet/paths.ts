/** Where an inventory lies; an absolute path, `~/.local/tower`. */
export interface TowerPaths {
  readonly folder: string;
}

/** The file with all host keys, by host name. */
export function knownHostsPath({ folder }: TowerPaths): string {
  return `${folder}/known_hosts`;
}

/** The SSH configuration of all hosts. */
export function configPath({ folder }: TowerPaths): string {
  return `${folder}/config`;
}

/** The sockets of open connections. */
export function controlFolder({ folder }: TowerPaths): string {
  return `${folder}/control`;
}

/** A host's own folder. */
export function hostFolder({ folder }: TowerPaths, name: string): string {
  return `${folder}/hosts/${name}`;
}

export function identityPath(paths: TowerPaths, name: string): string {
  return `${hostFolder(paths, name)}/id_ed25519`;
}

/** Public keys of which one must have signed an image, where the user keeps such a file. */
export function imageSignersPath({ folder }: TowerPaths): string {
  return `${folder}/image_signers`;
}

/** What is kept of a host's packages for menus. */
export function keptProgramsPath(paths: TowerPaths, name: string): string {
  return `${hostFolder(paths, name)}/programs`;
}

/** The files of menu entries that are this program's own. */
export function menuListPath({ folder }: TowerPaths): string {
  return `${folder}/menu`;
}

/** What is kept of the thin client's own packages. */
export function ownPackagesFolder({ folder }: TowerPaths): string {
  return `${folder}/thinclient`;
}
