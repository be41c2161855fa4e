import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { manifestFiles } from "../../build/inputs.ts";
import { loadManifest, type Manifest, manifestFor } from "../../build/manifest/manifest.ts";
import type { DiskSpec } from "../../build/manifest/schema.ts";
import { VERSION } from "../../build/version.ts";

const files = manifestFiles(Deno.cwd());
const HOSTS = ["host", "host-uefi"].map((name) => loadManifest(name, files));
const EACH = HOSTS.flatMap((host) => host.arches.map((arch) => manifestFor(host, arch)));

/** The text that a manifest's stages leave in a file at last. */
function textOf({ stages }: Manifest, path: string): string {
  const texts = stages.flatMap(({ spec, folder }) => {
    if (spec.kind !== "files") return [];
    const overlay = spec.overlay && readIfThere(`${folder}/${spec.overlay}/${path}`);
    const own = spec.files.flatMap((f) => f.path === path && "contents" in f ? [f.contents] : []);
    return [...(overlay ? [overlay] : []), ...own];
  });
  assert(texts.length > 0, `no stage has /${path}`);
  return texts.at(-1)!;
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const diskOf = ({ outputs }: Manifest) => outputs.find((o): o is DiskSpec => o.kind === "disk")!;

Deno.test("images of hosts tell the version of the program that ships them", () => {
  for (const host of HOSTS) assertEquals(host.version, VERSION, host.name);
});

Deno.test("fstab names the partitions that the disk of each host has", () => {
  for (const host of EACH) {
    const { boot, root } = diskOf(host);
    const fstab = textOf(host, "etc/fstab");
    assertMatch(fstab, new RegExp(`^LABEL=${root.label}\\s+/\\s+ext4\\s`, "m"));
    assertMatch(fstab, new RegExp(`^LABEL=${boot.label}\\s+/boot\\s+vfat\\s`, "m"));
  }
});

Deno.test("a serial port that the kernel's console is on has a getty, but for a Raspberry Pi's", () => {
  for (const host of EACH) {
    const { cmdline, loaders } = diskOf(host);
    const inittab = textOf(host, "etc/inittab");
    assertMatch(inittab, /^tty1::respawn:.*getty/m);
    const port = /console=(tty(?:S|AMA)\d)/.exec(cmdline)?.[1];
    assertEquals(port === undefined, loaders.includes("raspberrypi"), cmdline);
    const gettys = inittab.match(/^tty(?:S|AMA)\d(?=::respawn)/gm) ?? [];
    assertEquals(gettys, port === undefined ? [] : [port]);
  }
});

Deno.test("a Raspberry Pi's settings are by model, and end for all of them", () => {
  for (const host of EACH.filter((h) => diskOf(h).loaders.includes("raspberrypi"))) {
    const text = textOf(host, "boot/usercfg.txt");
    assertStringIncludes(text, "[cm4]\ndtoverlay=dwc2,dr_mode=host\n");
    assertStringIncludes(text, "[pi5]\ndtparam=pciex1\n");
    assert(text.endsWith("[all]\n"), text);
    // Lines of config.txt longer than 98 characters are cut off.
    for (const line of text.split("\n")) assertMatch(line, /^(?:#.*|\[\w+\]|\w+=[\w,=]+)?$/);
  }
});
