import { TowerError } from "../../lib/errors.ts";
import type { ServicesSpec } from "../manifest/schema.ts";
import type { Stage } from "./stage.ts";

/**
 * Enables OpenRC services: a symbolic link in /etc/runlevels/LEVEL to /etc/init.d/SERVICE, as
 * rc-update(8) makes.
 */
export const services: Stage<ServicesSpec> = (tree, { runlevels }, { epoch }) => {
  const origin = "stage:services" as const;
  const owned = { uid: 0, gid: 0, mtime: epoch, origin };
  const missing: string[] = [];
  for (const [level, names] of Object.entries(runlevels)) {
    const folder = `etc/runlevels/${level}`;
    tree.putParents(`${folder}/x`, origin, epoch);
    for (const name of names) {
      if (tree.file(`etc/init.d/${name}`) === undefined) missing.push(`${name} (${level})`);
      else {
        tree.put({
          ...owned,
          type: "symlink",
          path: `${folder}/${name}`,
          mode: 0o777,
          target: `/etc/init.d/${name}`,
        });
      }
    }
  }
  if (missing.length > 0) {
    throw new TowerError(
      "not-found",
      `Cannot enable services: no package or overlay brings /etc/init.d/ for ${missing.join(", ")}`,
      { hint: "add the package that has the service (often NAME-openrc), or take it off the list" },
    );
  }
};
