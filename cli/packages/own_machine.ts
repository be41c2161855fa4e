import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import { privateFolder } from "../../lib/files/private_folder.ts";
import { THIN_CLIENT } from "../../lib/firewall/tower_network.ts";
import { ownPackagesFolder } from "../../lib/fleet/paths.ts";
import { locked } from "../../lib/inventory/inventory_files.ts";
import type { InventoryPlace } from "../../lib/inventory/inventory_reader.ts";
import { ANY_CODE, localSession } from "../../lib/session/local_session.ts";
import { requireQuietRoot } from "../this_machine.ts";
import type { PackageMachine } from "./package_machine.ts";

const WARNING = `"${THIN_CLIENT}" is the machine that all hosts are ruled from. Programs that are
installed here, and their scripts as root while they are, see everything that this machine sees:
the keys of all hosts, their screens, what is typed, every network. A host is kept from all that:
where one can have the program, install it there.`;

/** This machine, the thin client, by its own apk. Its programs have menu entries of their own. */
export function ownMachine(place: InventoryPlace, env: Env): PackageMachine {
  const { runner } = env;
  const folder = ownPackagesFolder(place);
  return {
    name: THIN_CLIENT,
    session: localSession(runner),
    folder,
    warning: WARNING,
    root: () => requireQuietRoot(env, "change the packages of this machine"),
    keep: (file, bytes) =>
      locked(place, () => writeFileAtomic(`${privateFolder(folder)}/${file}`, bytes, 0o600)),
    async offer(serve, scope) {
      const { port } = await scope.own(serve({ transport: "tcp" }));
      return port!;
    },
    async runApk({ argv, outputLimit }, title, { signal, reporter }) {
      const message = "waiting for apk to end what it began; it gets nothing more";
      const tell = () => reporter.report({ type: "info", message });
      signal.addEventListener("abort", tell, { once: true });
      try {
        // Killed, it would leave half of a package in the system that runs; without its port it ends soon.
        const result = await runner.run({ argv, okCodes: ANY_CODE, endsByItself: true }, {
          outputLimit,
        });
        signal.throwIfAborted();
        return result;
      } catch (cause) {
        signal.throwIfAborted();
        throw new TowerError("tool", `Cannot ${title} on "${THIN_CLIENT}": apk was cut off`, {
          cause,
          hint: `See what it left: tower install ${THIN_CLIENT} --repair`,
        });
      } finally {
        signal.removeEventListener("abort", tell);
      }
    },
    showPrograms: () => Promise.resolve(),
  };
}
