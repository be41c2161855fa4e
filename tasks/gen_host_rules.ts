/**
 * Writes what lib/firewall and lib/hardening say into the overlays of hosts and thin client, and its page:
 *
 *     deno task host-rules [--check]
 *
 * With --check it writes nothing and ends with 1 where a file is not what they say.
 */
import { TOWER_PLAN } from "../lib/address_plan/address_plan.ts";
import { restoreTemplate } from "../lib/firewall/template.ts";
import { renderRestore } from "../lib/firewall/restore.ts";
import { type Position, positionOf, rulesetOf, TWO_CABLES } from "../lib/firewall/roles.ts";
import { modprobeText } from "../lib/hardening/modules.ts";
import { sshdConfig, sshdOf, sshdText } from "../lib/hardening/sshd.ts";
import { linesOf, PROCESSOR_SYSCTLS, sysctlsOf } from "../lib/hardening/sysctls.ts";
import { hardeningTables } from "../lib/hardening/tables.ts";
import { ipAddress } from "../lib/ip/address.ts";

const ROOT = new URL("../", import.meta.url);
const SYSTEM = "build/systems/host";
const THIN_CLIENT = "build/systems/thinclient";
const PAGE = "docs/decisions/0019-hardening.md";
const ROLES = ["offline", "online", "router"] as const;

/** Every generated file by its path in the project. */
function hostRules(): Map<string, string> {
  const anyHost: Position = {
    role: "offline",
    link: "eth0",
    thinClient: ipAddress("192.168.3.100"),
  };
  const rules6 = renderRestore(rulesetOf(anyHost), "ipv6");
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  const settings = (role: typeof ROLES[number]) => text(sysctlsOf(role, undefined));
  const image: [string, string][] = [
    ["etc/modprobe.d/tower.conf", modprobeText()],
    ["etc/ssh/sshd_config", sshdConfig()],
    ["etc/sysctl.d/tower.conf", settings("offline")],
    ["usr/lib/tower/roles/router/sshd.conf", sshdText(sshdOf("router"))],
    ...ROLES.flatMap((role): [string, string][] => [
      [`usr/lib/tower/roles/${role}/rules-save`, restoreTemplate(role)],
      [`usr/lib/tower/roles/${role}/rules6-save`, rules6],
      [`usr/lib/tower/roles/${role}/sysctl.conf`, settings(role)],
    ]),
  ];
  const own = rulesetOf(positionOf("thinclient", TOWER_PLAN, TWO_CABLES));
  const thinClient: [string, string][] = [
    ["etc/iptables/rules-save", renderRestore(own, "ipv4")],
    ["etc/iptables/rules6-save", renderRestore(own, "ipv6")],
    ["etc/modprobe.d/tower.conf", modprobeText(["squashfs"])],
    ["etc/sysctl.d/tower.conf", text(sysctlsOf("thinclient", undefined))],
  ];
  return new Map([
    ...thinClient.map(([path, text]) => [`${THIN_CLIENT}/overlay/${path}`, text] as const),
    ...image.map(([path, text]) => [`${SYSTEM}/overlay/${path}`, text] as const),
    ...Object.entries(PROCESSOR_SYSCTLS).map(([arch, settings]) =>
      [`${SYSTEM}/${arch}/etc/sysctl.d/tower-processor.conf`, text(linesOf(settings))] as const
    ),
    [PAGE, withTables(readOrEmpty(PAGE))],
  ]);
}

/** A page with its tables between the marks that name them. */
function withTables(page: string): string {
  for (const [name, table] of hardeningTables()) {
    const begin = `<!-- ${name} -->\n`;
    const [before, rest] = page.split(begin);
    const end = rest?.indexOf("<!-- end -->");
    if (rest === undefined || end === undefined || end < 0) {
      throw new Error(`${PAGE} has no place for "${name}"`);
    }
    page = `${before}${begin}\n${table}\n${rest.slice(end)}`;
  }
  return page;
}

function main(check: boolean): number {
  let stale = 0;
  for (const [path, text] of hostRules()) {
    if (check) {
      if (readOrEmpty(path) === text) continue;
      const message = `${path} is out of date: run deno task host-rules\n`;
      Deno.stderr.writeSync(new TextEncoder().encode(message));
      stale++;
      continue;
    }
    const file = new URL(path, ROOT);
    Deno.mkdirSync(new URL(".", file), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  return stale === 0 ? 0 : 1;
}

function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(new URL(path, ROOT));
  } catch {
    return "";
  }
}

if (import.meta.main) Deno.exit(main(Deno.args.includes("--check")));
