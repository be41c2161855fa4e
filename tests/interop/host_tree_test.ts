import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openEngine } from "../../build/engine.ts";
import { buildTree } from "../../build/pipeline.ts";
import { realEnv } from "../../lib/env.ts";
import { silent } from "../../lib/report/event.ts";
import { bytesOf } from "../../lib/tree/content.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { hostMissing } from "../support/host_system.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;

/** Runs a check on the tree of the host system as the lab repository gives it. */
async function withTree(
  check: (tree: FileTree, text: (path: string) => string) => void,
): Promise<void> {
  using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
  using folder = {
    path: Deno.makeTempDirSync(),
    [Symbol.dispose]() {
      Deno.removeSync(this.path, { recursive: true });
    },
  };
  const { tree } = await buildTree({
    system: "host",
    arch: "x86_64",
    repositories: undefined,
    keysFolder: undefined,
    lockFile: undefined,
    frozen: false,
    offline: true,
    output: folder.path,
    jobs: 2,
  }, { ...engine, reporter: silent });
  check(tree, (path) => {
    const file = tree.file(path);
    assert(file, `/${path} is not in the tree`);
    return new TextDecoder().decode(bytesOf(engine.store, file.content));
  });
}

Deno.test({
  name: `no host key, machine id, random seed, user or tower.env is in the image${note}`,
  ignore,
  fn: () =>
    withTree((tree, text) => {
      const personal =
        /(^|\/)(ssh_host_[^/]*|machine-id|tower\.env|authorized_keys|random-seed|seed\.(no-)?credit|crypto_keyfile[^/]*)$/;
      const found = [...tree.walk()].map((e) => e.path).filter((path) => personal.test(path));
      assertEquals(found, []);
      assertEquals(tree.children("var/lib/tower"), []);
      assertEquals(tree.children("home"), []);
      const shadow = text("etc/shadow").trim().split("\n").map((line) => line.split(":"));
      for (const [name, hash] of shadow) assert(/^[*!]/.test(hash!), `${name} has a password`);
    }),
});

Deno.test({
  name:
    `B1 B2 B5: an image without tower.env drops all but its loopback, before the network${note}`,
  ignore,
  fn: () =>
    withTree((tree, text) => {
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
      assertStringIncludes(text("etc/conf.d/networking"), '"ip6tables iptables tower-firstboot"');
      assertStringIncludes(text("etc/conf.d/sshd"), 'rc_need="networking"');
      for (const service of ["iptables", "ip6tables", "networking", "tower-firstboot"]) {
        assert(tree.get(`etc/runlevels/boot/${service}`), `${service} is not enabled`);
      }
      assertEquals(text("etc/network/interfaces"), "auto lo\niface lo inet loopback\n");
    }),
});

Deno.test({
  name: `C9: the first boot never runs tower.env as a script${note}`,
  ignore,
  fn: () =>
    withTree((tree, text) => {
      const scripts = [...tree.walk("usr/lib/tower")].filter((e) => e.type === "file")
        .map((e) => e.path).filter((path) => !path.includes("/roles/"));
      assert(scripts.length > 10, `${scripts.length} scripts`);
      for (const path of scripts) {
        for (const line of text(path).split("\n")) {
          const sourced = /^\s*(?:\.|source|eval)\s+(\S+)/.exec(line)?.[1];
          if (sourced === undefined) continue;
          const isOwn = sourced === "/usr/lib/tower/step.sh" || path.endsWith("/tower-env");
          assert(isOwn, `${path}: ${line}`);
        }
      }
    }),
});
