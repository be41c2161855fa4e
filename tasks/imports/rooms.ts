/** The table of docs/architecture.md, "Rooms and who may import whom", as data. */

export type RoomName =
  | "L0"
  | "ports"
  | "L1"
  | "L2"
  | "program"
  | "engine"
  | "stages"
  | "outputs"
  | "sources"
  | "kinds"
  | "build"
  | "cli"
  | "build main"
  | "cli main"
  | "tasks"
  | "tests";

export interface Room {
  readonly name: RoomName;
  /** Files, and folders with a slash at their end; the longest that fits decides. */
  readonly paths: readonly string[];
  readonly mayImport: readonly RoomName[];
  /** Rooms of which it may know the types alone. */
  readonly mayImportTypes?: readonly RoomName[];
  /** Packages from outside, by the start of their specifier. */
  readonly packages: readonly string[];
  /** Which of its files may say `Deno.`. */
  readonly deno: RegExp | undefined;
  /** Whether neither clock nor random number nor network may be touched. */
  readonly isPure: boolean;
}

const PURE_PACKAGES = [
  "@std/",
  "@hpcc-js/wasm-zstd",
  "fflate",
  "fzstd",
  "spdx-",
  "yaml",
  "zod",
  "node:crypto",
  "node:zlib",
];
const PURE = { packages: PURE_PACKAGES, deno: undefined, isPure: true } as const;
const IMPURE = { deno: /./, isPure: false } as const;
const BELOW_PROGRAM = ["L0", "ports", "L1"] as const;
const COMMANDER = ["commander", "@commander-js/"];
const LIB = ["L0", "ports", "L1", "L2"] as const;
const BUILD = [
  ...LIB,
  "program",
  "kinds",
  "stages",
  "outputs",
  "sources",
  "engine",
  "build",
] as const;

export const ROOMS: readonly Room[] = [
  {
    ...PURE,
    name: "L0",
    paths: ["lib/errors.ts", "lib/sent_error.ts", "lib/brand.ts", "lib/breathe.ts", "lib/std/"],
    mayImport: ["L0"],
    packages: ["npm:deno-std@"],
  },
  {
    ...PURE,
    name: "ports",
    paths: [
      "lib/fetch/port.ts",
      "lib/packages/request.ts",
      "lib/proc/command.ts",
      "lib/store/ports.ts",
    ],
    mayImport: BELOW_PROGRAM,
  },
  {
    ...PURE,
    name: "L1",
    paths: [
      "lib/accounts/",
      "lib/address_plan/",
      "lib/apk/",
      "lib/archive/",
      "lib/boot/",
      "lib/bundle/",
      "lib/bytes/",
      "lib/completion/",
      "lib/desktop/",
      "lib/dialog/",
      "lib/firewall/",
      "lib/fleet/",
      "lib/format/",
      "lib/hardening/",
      "lib/image/",
      "lib/ip/",
      "lib/json.ts",
      "lib/strict_json.ts",
      "lib/kmod/",
      "lib/locale/",
      "lib/manual/",
      "lib/packages/",
      "lib/pki/",
      "lib/release/",
      "lib/report/",
      "lib/schema/",
      "lib/secure_boot/",
      "lib/shell/",
      "lib/ssh_signature/",
      "lib/ssh/",
      "lib/tower_env/",
      "lib/tree/",
    ],
    mayImport: BELOW_PROGRAM,
  },
  {
    name: "L2",
    paths: [
      "lib/disk/",
      "lib/env.ts",
      "lib/fetch/",
      "lib/files/",
      "lib/inventory/",
      "lib/lab/",
      "lib/package_way/",
      "lib/packages/package_load.ts",
      "lib/packages/package_loader.ts",
      "lib/packages/package_messages.ts",
      "lib/packages/package_worker.ts",
      "lib/proc/",
      "lib/provision/",
      "lib/qemu/",
      "lib/release/built_images.ts",
      "lib/release/find_image.ts",
      "lib/release/release_folder.ts",
      "lib/session/",
      "lib/setup/",
      "lib/upgrade/",
      "lib/store/",
    ],
    mayImport: LIB,
    packages: [...PURE_PACKAGES, "node:"],
    deno:
      /(^|\/)deno_[^/]*\.ts$|^lib\/(disk|fetch|files|inventory|lab|packages|store|upgrade)\/|^lib\/env\.ts$/,
    isPure: false,
  },
  {
    name: "program",
    paths: ["lib/program/"],
    mayImport: [...LIB, "program"],
    packages: COMMANDER,
    deno: undefined,
    isPure: false,
  },
  {
    ...PURE,
    name: "engine",
    paths: ["build/manifest/", "build/plan/", "build/supply/"],
    mayImport: [...BELOW_PROGRAM, "kinds", "engine"],
    mayImportTypes: ["stages", "outputs", "sources"],
  },
  {
    ...PURE,
    name: "stages",
    paths: ["build/stages/"],
    mayImport: [...BELOW_PROGRAM, "stages"],
  },
  {
    ...PURE,
    name: "outputs",
    paths: ["build/outputs/"],
    mayImport: [...BELOW_PROGRAM, "outputs"],
  },
  {
    ...PURE,
    name: "sources",
    paths: ["build/sources/"],
    mayImport: [...BELOW_PROGRAM, "sources"],
  },
  {
    ...PURE,
    name: "kinds",
    paths: ["build/kinds/"],
    mayImport: [...BELOW_PROGRAM, "stages", "outputs", "sources", "kinds"],
  },
  {
    name: "build",
    paths: ["build/"],
    mayImport: BUILD,
    packages: [...PURE_PACKAGES, ...COMMANDER],
    deno: undefined,
    isPure: false,
  },
  {
    name: "cli",
    paths: ["cli/"],
    mayImport: [...LIB, "program", "cli"],
    packages: [...PURE_PACKAGES, ...COMMANDER],
    deno: undefined,
    isPure: false,
  },
  { ...IMPURE, name: "build main", paths: ["build/main.ts"], mayImport: BUILD, packages: [""] },
  {
    ...IMPURE,
    name: "cli main",
    paths: ["cli/main.ts"],
    mayImport: [...LIB, "program", "cli"],
    packages: [""],
  },
  {
    ...IMPURE,
    name: "tasks",
    paths: ["tasks/"],
    mayImport: [...BUILD, "cli", "build main", "cli main", "tasks"],
    packages: [""],
  },
  {
    ...IMPURE,
    name: "tests",
    paths: [
      "tests/",
      ...["tasks/bench.ts", "tasks/bench/"],
      ...["tasks/try_tower.ts", "tasks/try_tower/"],
    ],
    mayImport: [...BUILD, "cli", "build main", "cli main", "tasks", "tests"],
    packages: [""],
  },
];

/**
 * The room of a file, by the longest path that fits; undefined where the table has none. A unit
 * test is in the room of its source.
 */
export function roomOf(path: string): Room | undefined {
  const file = isUnitTest(path) ? path.replace(/_test\.ts$/, ".ts") : path;
  let best: { room: Room; length: number } | undefined;
  for (const room of ROOMS) {
    for (const place of room.paths) {
      const fits = place.endsWith("/") ? file.startsWith(place) : file === place;
      if (fits && place.length > (best?.length ?? 0)) best = { room, length: place.length };
    }
  }
  return best?.room;
}

/** A unit test that stands beside its source. */
export function isUnitTest(file: string): boolean {
  return file.endsWith("_test.ts") && !file.startsWith("tests/");
}
