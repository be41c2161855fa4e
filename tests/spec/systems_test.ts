import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { manifestFiles } from "../../build/inputs/inputs.ts";
import {
  loadManifest,
  type Manifest,
  manifestFor,
  stagesOf,
} from "../../build/manifest/manifest.ts";
import { VERSION } from "../../build/version.ts";
import { kernelWordsOf } from "../../lib/hardening/kernel_words.ts";
import { MOUNTS } from "../../lib/hardening/mounts.ts";

const files = manifestFiles(Deno.cwd());
const HOSTS = ["host", "host-uefi"].map((name) => loadManifest(name, files));
const EACH = HOSTS.flatMap((host) => host.arches.map((arch) => manifestFor(host, arch)));

/** The text that a manifest's stages leave in a file at last. */
function textOf(manifest: Manifest, path: string): string {
  const texts = stagesOf(manifest).flatMap(({ spec, folder }) => {
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

const diskOf = ({ outputs }: Manifest) =>
  outputs.map(({ spec }) => spec).find((spec) => spec.kind === "disk")!;

Deno.test("images of hosts tell the version of the program that ships them", () => {
  for (const host of HOSTS) assertEquals(host.version, VERSION, host.name);
});

Deno.test("no host takes a file system by a label, nor its root without looking for another", () => {
  for (const host of EACH) {
    assert(!/LABEL=/.test(textOf(host, "etc/fstab")));
    const words = diskOf(host).cmdline.split(" ");
    for (const word of ["rootwait", "rootdelay=10"]) assert(words.includes(word), host.name);
  }
});

Deno.test("nothing of a host gives a shell without a password", () => {
  for (const host of EACH) {
    const shells = stagesOf(host).flatMap(({ spec }) =>
      spec.kind === "initramfs" ? [spec.emergencyShell] : []
    );
    assertEquals(shells, [false], host.name);
    const inittab = textOf(host, "etc/inittab");
    assert(!/askfirst|\/sh\b|getty.*(-n|-l|--autologin)\b/.test(inittab), inittab);
    assertMatch(textOf(host, "etc/rc.conf.d/tower.conf"), /^rc_interactive="NO"$/m);
  }
});

Deno.test("fstab has the options of each mount that it is to harden, on an encrypted root too", () => {
  for (const host of EACH) {
    const fstab = textOf(host, "etc/fstab");
    for (const { point, options } of MOUNTS.filter(({ isInFstab }) => isInFstab)) {
      const line = fstab.split("\n").find((line) => line.split(/\s+/)[1] === point);
      const has = line?.split(/\s+/)[3]?.split(",") ?? [];
      // umask is what a mount says, fmask and dmask what /proc/mounts tells of it.
      const wanted = options.map((option) => option.replace(/^[fd]mask/, "umask"));
      assertEquals(wanted.filter((option) => !has.includes(option)), [], `${point}: ${line}`);
    }
    const boot = /^\/dev\/boot\s+(\/boot\s.*)$/m.exec(fstab)![1]!;
    const step = textOf(host, "usr/lib/tower/steps/05-root-device");
    assertStringIncludes(step.replaceAll("\t", " "), boot.replaceAll("\t", " "));
    assertStringIncludes(step, '$(awk \'$3 == "proc" || $3 == "tmpfs"\' /etc/fstab)');
  }
});

Deno.test("a host's command line ends with the words that harden its kind of machine", () => {
  const machines = EACH.map((host) => {
    const { cmdline, loaders } = diskOf(host);
    const machine = loaders.includes("raspberrypi")
      ? "raspberry-pi"
      : loaders.includes("syslinux")
      ? "pc"
      : "arm-uefi";
    const words = kernelWordsOf(machine).map(({ word }) => word).join(" ");
    assert(cmdline.endsWith(` ${words}`), `${machine}: "${cmdline}" should end with "${words}"`);
    return machine;
  });
  assertEquals(machines, ["pc", "raspberry-pi", "raspberry-pi", "arm-uefi"]);
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
