import { labRequest } from "../../support/build/lab_system.ts";
import { zstdDecompressSync } from "node:zlib";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openEngine } from "../../../build/engine/engine.ts";
import { buildTree } from "../../../build/pipeline.ts";
import { realEnv } from "../../../lib/env.ts";
import { silent } from "../../../lib/report/event.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { hostMissing } from "../../support/build/host_system.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;

/** The tree of the host system as the lab repository gives it. */
interface HostTree {
  readonly tree: FileTree;
  readonly bytes: (path: string) => Uint8Array;
  readonly text: (path: string) => string;
}

const CHECKS: Readonly<Record<string, (host: HostTree) => void>> = {
  "C7: no host key, machine id, random seed, user or tower.env is in the image"({ tree, text }) {
    const personal =
      /(^|\/)(ssh_host_[^/]*|machine-id|tower\.env|authorized_keys|random-seed|seed\.(no-)?credit|crypto_keyfile[^/]*)$/;
    const found = [...tree.walk()].map((e) => e.path).filter((path) => personal.test(path));
    assertEquals(found, []);
    assertEquals(tree.children("var/lib/tower"), []);
    assertEquals(tree.children("home"), []);
    const shadow = text("etc/shadow").trim().split("\n").map((line) => line.split(":"));
    for (const [name, hash] of shadow) assert(/^[*!]/.test(hash!), `${name} has a password`);
  },
  "B1 B2 B5: an image without tower.env drops all but its loopback, before the network"(
    { tree, text },
  ) {
    for (const file of ["rules-save", "rules6-save"]) {
      const rules = text(`etc/iptables/${file}`).split("\n").filter((l) => /^[:-]/.test(l));
      assertEquals(rules, [
        ":INPUT DROP [0:0]",
        ":FORWARD DROP [0:0]",
        ":OUTPUT DROP [0:0]",
        "-A INPUT -i lo -j ACCEPT",
        "-A OUTPUT -o lo -j ACCEPT",
      ]);
    }
    assertStringIncludes(
      text("etc/conf.d/networking"),
      '"ip6tables iptables tower-closed tower-firstboot"',
    );
    assertStringIncludes(text("etc/conf.d/sshd"), 'rc_need="networking"');
    for (
      const service of ["iptables", "ip6tables", "networking", "tower-closed", "tower-firstboot"]
    ) {
      assert(tree.get(`etc/runlevels/boot/${service}`), `${service} is not enabled`);
    }
    assertEquals(text("etc/network/interfaces"), "auto lo\niface lo inet loopback\n");
  },
  "C9: the first boot never runs tower.env as a script"({ tree, text }) {
    const scripts = [...tree.walk("usr/lib/tower")].filter((e) => e.type === "file")
      .map((e) => e.path).filter((path) => !path.includes("/roles/"));
    assert(scripts.length > 10, `${scripts.length} scripts`);
    for (const path of scripts) {
      for (const line of text(path).split("\n")) {
        const sourced = /^\s*(?:\.|source|eval)\s+(\S+)/.exec(line)?.[1];
        if (sourced === undefined) continue;
        const isOwn = sourced.endsWith(".sh") && scripts.includes(sourced.replace(/^\//, "")) ||
          path.endsWith("/tower-env");
        assert(isOwn, `${path}: ${line}`);
      }
    }
  },
  "a PC finds its disk by the initramfs, and its network card by the image"({ tree, bytes }) {
    const modules = new Set(
      [...tree.walk()].map((e) => /([^/]*)\.ko(?:\.[a-z]+)?$/.exec(e.path)?.[1]),
    );
    const network = ["e1000e", "igb", "igc", "r8169", "tg3", "iwlwifi", "ath10k_pci", "r8152"];
    for (const name of network) assert(modules.has(name), `no ${name} in the image`);
    const archive = new TextDecoder("latin1").decode(
      zstdDecompressSync(bytes("boot/initramfs-lts")),
    );
    const disks = [
      "nvme",
      "vmd",
      "ahci",
      "sd_mod",
      "usb-storage",
      "uas",
      "xhci-pci",
      "mmc_block",
    ];
    for (const name of [...disks, "sdhci-pci", "virtio_blk", "ext4"]) {
      assert(archive.includes(`/${name}.ko\0`), `no ${name} in the initramfs`);
    }
    assert(!archive.includes("/r8169.ko\0"), "the initramfs has drivers that it does not need");
  },

  "D3: no private signing key is in the image, only public ones"({ tree, bytes }) {
    const keys = tree.children("etc/apk/keys").map(({ path }) => path);
    assert(keys.length > 0 && keys.every((path) => path.endsWith(".pub")), keys.join(" "));
    for (const { path, type } of tree.walk()) {
      if (type !== "file" || /\.ko$/.test(path)) continue;
      const found = tree.file(path)!.content;
      if (found.kind !== "inline" && found.size > 65536) continue;
      const start = new TextDecoder("latin1").decode(bytes(path));
      assert(!/^-----BEGIN [A-Z ]*PRIVATE KEY-----$/m.test(start), `/${path} holds a private key`);
    }
  },
  "D6: every file comes from a package or a stage of the manifest, and programs from packages"(
    { tree, bytes },
  ) {
    const magic = new TextDecoder("latin1");
    for (const { path, type, origin } of tree.walk()) {
      assertMatch(origin, /^(?:package:[a-zA-Z0-9_][\w.+-]*|stage:[a-z]+)$/, `/${path}`);
      if (type !== "file" || !origin.startsWith("stage:")) continue;
      const isProgram = magic.decode(bytes(path).subarray(0, 4)) === "\x7fELF";
      assert(!isProgram, `/${path} is a program of ${origin}`);
    }
  },
};

Deno.test({
  name: `the tree of the host system${note}`,
  ignore,
  async fn(t) {
    using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
    using folder = tempFolder();
    const tree = await buildTree(labRequest("host", "x86_64", folder.path), "root", {
      ...engine,
      reporter: silent,
    });
    const bytes = (path: string) => {
      const file = tree.file(path);
      assert(file, `/${path} is not in the tree`);
      return bytesOf(engine.store, file.content);
    };
    const text = (path: string) => new TextDecoder().decode(bytes(path));
    for (const [name, check] of Object.entries(CHECKS)) {
      await t.step(name, () => check({ tree, bytes, text }));
    }
  },
});
