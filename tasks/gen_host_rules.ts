/**
 * Writes the packet filters and kernel settings of each role into the host image's overlay:
 *
 *     deno task host-rules [--check]
 *
 * With --check it writes nothing and ends with 1 where a file is not what lib/firewall says.
 */
import { restoreTemplate } from "../lib/firewall/template.ts";
import { renderRestore } from "../lib/firewall/restore.ts";
import { type Position, rulesetOf } from "../lib/firewall/roles.ts";
import { sysctlsOf } from "../lib/firewall/sysctls.ts";
import { ipAddress } from "../lib/ip/address.ts";

const OVERLAY = new URL("../build/systems/host/overlay/", import.meta.url);
const ROLES = ["offline", "online", "router"] as const;

/** Every generated file by its path in the image. */
export function hostRules(): Map<string, string> {
  const anyHost: Position = {
    role: "offline",
    link: "eth0",
    thinClient: ipAddress("192.168.3.100"),
  };
  const rules6 = renderRestore(rulesetOf(anyHost), "ipv6");
  const lines = (role: typeof ROLES[number]) => sysctlsOf(role, "x86_64").join("\n") + "\n";
  return new Map([
    ["etc/sysctl.d/tower.conf", lines("offline")],
    ...ROLES.flatMap((role) =>
      [
        [`usr/lib/tower/roles/${role}/rules-save`, restoreTemplate(role)],
        [`usr/lib/tower/roles/${role}/rules6-save`, rules6],
        [`usr/lib/tower/roles/${role}/sysctl.conf`, lines(role)],
      ] as const
    ),
  ]);
}

function main(check: boolean): number {
  let stale = 0;
  for (const [path, text] of hostRules()) {
    const file = new URL(path, OVERLAY);
    if (check) {
      if (readOrEmpty(file) === text) continue;
      const message = `${path} is out of date: run deno task host-rules\n`;
      Deno.stderr.writeSync(new TextEncoder().encode(message));
      stale++;
      continue;
    }
    Deno.mkdirSync(new URL(".", file), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  return stale === 0 ? 0 : 1;
}

function readOrEmpty(file: URL): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return "";
  }
}

if (import.meta.main) Deno.exit(main(Deno.args.includes("--check")));
