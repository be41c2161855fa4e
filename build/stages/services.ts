import { type FieldPath, TowerError } from "../../lib/errors.ts";
import { z } from "zod";
import { forArches } from "../../lib/schema/arches.ts";
import { serviceName } from "../../lib/schema/scalars.ts";
import { type Stage, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("services"),
  ...forArches,
  runlevels: z.record(serviceName, z.array(serviceName)).describe(
    "OpenRC services by runlevel: sysinit, boot, default, shutdown, or one of your own.",
  ),
}).describe("Enables OpenRC services.");

export type ServicesPlan = z.infer<typeof spec>;

/** A symbolic link in /etc/runlevels/LEVEL to /etc/init.d/SERVICE, as rc-update(8) makes. */
const apply: Stage<ServicesPlan> = (tree, { runlevels }, { epoch }) => {
  const origin = "stage:services" as const;
  const owned = { uid: 0, gid: 0, mtime: epoch, origin };
  const missing: { readonly name: string; readonly at: FieldPath }[] = [];
  for (const [level, names] of Object.entries(runlevels)) {
    const folder = `etc/runlevels/${level}`;
    tree.putParents(`${folder}/x`, origin, epoch);
    for (const [i, name] of names.entries()) {
      if (tree.file(`etc/init.d/${name}`) === undefined) {
        missing.push({ name: `${name} (${level})`, at: ["runlevels", level, i] });
      } else {
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
      `Cannot enable services: no package or overlay brings /etc/init.d/ for ${
        missing.map(({ name }) => name).join(", ")
      }`,
      {
        at: missing[0]!.at,
        hint: "add the package that has the service (often NAME-openrc), or take it off the list",
      },
    );
  }
};

export const services = stageKind({
  spec,
  plan: (spec) => spec,
  line: ({ runlevels }) =>
    Object.entries(runlevels).map(([level, names]) => `${level} (${names.join(" ")})`).join(", "),
  apply,
});
