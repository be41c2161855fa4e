import type { Host } from "../fleet/host.ts";
import { colorName } from "../tower_env/color_names.ts";
import { valueOf } from "./desktop_entry.ts";
import { formatExec } from "./exec_line.ts";
import type { Icon } from "./icon.ts";
import type { PackagePrograms } from "./kept_programs.ts";
import type { Program } from "./program.ts";

/** A host and what is kept of its packages. */
export interface HostPrograms {
  readonly host: Pick<Host, "name"> & { readonly env: Pick<Host["env"], "color"> };
  readonly packages: readonly PackagePrograms[];
}

/** All that {@linkcode menuFiles} may write: a list with other paths is none of ours. */
export const MENU_FILE =
  /^(applications|icons(\/hicolor\/(\d+x\d+|scalable)\/apps)?)\/tower-[a-z0-9-]+\.[\w.+-]+\.(desktop|png|svg)$/;

/**
 * Files of hosts' menu entries, by their paths from the user's data folder. A dot ends the name of the
 * host, which has none: with a hyphen `b-c` of host `a` were the same as `c` of host `a-b`.
 */
export function menuFiles(hosts: readonly HostPrograms[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { host, packages } of hosts) {
    const icons = packages.flatMap((p) => p.icons);
    const own = new Set(icons.map(({ name }) => name));
    for (const program of packages.flatMap((p) => p.programs)) {
      const text = entryText(host, program, own);
      const path = `applications/tower-${host.name}.${program.id}.desktop`;
      files.set(path, new TextEncoder().encode(text));
    }
    for (const icon of icons) files.set(iconPath(host.name, icon), icon.bytes);
  }
  return files;
}

function iconPath(host: string, { name, place }: Icon): string {
  const folder = place === "any" ? "" : `hicolor/${place}/apps/`;
  const format = place === "scalable" ? "svg" : "png";
  return `icons/${folder}tower-${host}.${name}.${format}`;
}

/**
 * The entry of a program: nothing of it stands as the package wrote it. No StartupWMClass: windows of
 * a host are known by what the thin client makes of them, and a host's entry must not claim others.
 */
function entryText(
  { name, env }: HostPrograms["host"],
  { id: _, texts, icon, category, terminal, argv }: Program,
  ownIcons: ReadonlySet<string>,
): string {
  const shown = Object.entries(texts).map(([key, text]) =>
    [key, key.startsWith("Name") ? `[${name}] ${text}` : text] as const
  );
  const values = [
    ["Type", "Application"],
    ["Version", "1.0"],
    ...shown,
    ...icon === undefined ? [] : [["Icon", ownIcons.has(icon) ? `tower-${name}.${icon}` : icon]],
    ["Exec", formatExec(["tower", "run", name, "--", ...argv])],
    ["Terminal", String(terminal)],
    ["StartupNotify", "false"],
  ] as const;
  const lines = [
    ...values.map(([key, text]) => `${key}=${valueOf(text!)}`),
    `Categories=X-Tower-${name};${category === undefined ? "" : `${category};`}`,
    `X-Tower-Host=${name}`,
    ...env.color === undefined ? [] : [`X-Tower-Color=${colorName(env.color)}`],
  ];
  return `[Desktop Entry]\n${lines.map((line) => `${line}\n`).join("")}`;
}
