import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { layApk } from "../../tasks/try_tower/host_image.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { oracleData } from "../support/apk/alpine_oracle.ts";
import { TEST_KEY } from "../support/apk/test_keys.ts";
import { buildHost, hostMissing, TOWER } from "../support/build/host_system.ts";
import { makeProgramRepository } from "../support/desktop/program_repository.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import {
  byProxies,
  packageTowerMissing,
  REPOSITORY,
  sshdOf,
} from "../support/fleet/package_tower.ts";
import { serveFolder } from "../support/fleet/serve_folder.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";
import { startMachine } from "../support/machine/test_machine.ts";
import { named } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
/** Seconds until an emulated host answers. */
const START = 170;
const PARTS = ["part-a", "part-b", "part-c"];

Deno.test({
  ...named(
    "an offline host in a machine of its own gets a package with three dependencies, and runs it",
    hostMissing() ?? packageTowerMissing(runner),
  ),
  async fn() {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    const archive = join(oracleData()!, "alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    await layApk({ runner }, archive, at("overlay"));
    const { name, pem } = TEST_KEY.trusted;
    const image = await buildHost(folder.path, "x86_64", "host", [{
      kind: "files",
      overlay: "overlay",
      files: [
        { path: "/etc/apk/repositories", contents: `${REPOSITORY}/own\n` },
        { path: `/etc/apk/keys/${name}`, contents: pem },
      ],
    }]);
    const program = `#!/bin/sh\nexec cat ${PARTS.map((part) => `/usr/share/${part}`).join(" ")}\n`;
    makeProgramRepository(at("alpine/own"), {
      program: { depends: PARTS, files: { "usr/bin/program": program } },
      ...Object.fromEntries(
        PARTS.map((part) => [part, { files: { [`usr/share/${part}`]: `${part}\n` } }]),
      ),
    });
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await NetworkNamespace.create(runner));
    await network.addTap("tap0", `${TOWER.offline.thinClient}/24`);
    const router = stack.use(await NetworkNamespace.create(runner));
    await router.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo");
    stack.use((await serveFolder(runner, router, folder.path)).server);
    const proxies: Record<string, string> = {};
    const inside = byProxies(runner, proxies, (command) => network.inside(command));
    const tower = stack.use(new TowerProgram({ runner: inside }));
    layHost(tower.folder, "router");
    proxies["router"] = await sshdOf(
      runner,
      { tower: tower.folder, name: "router", folder: folder.path, network: router },
    );
    const card = ["--offline", "--image", image, "--device-file", at("card.img")];
    const made = await tower.run("provision", "vault", ...card, "--no-confirm");
    assertEquals(made.code, 0, made.err);
    const machine = stack.use(startMachine(runner, folder.path, {
      ...{ image: at("card.img"), snapshot: false, firmware: { kind: "bios" } },
      network: { kind: "tap", interface: "tap0" },
    }, (command) => network.inside(command)));
    await machine.eventually(START, async () => {
      assertEquals((await tower.run("run", "vault", "true")).code, 0);
    });
    await machine.orConsole(async () => {
      const { code, out, err } = await tower.run("install", "vault", "program");
      assertEquals(code, 0, err);
      for (const part of ["program", ...PARTS]) {
        assertStringIncludes(out, `vault: add ${part}-1.0-r0`);
      }
      const kept = Deno.readTextFileSync(join(tower.folder, "hosts/vault/world"));
      assertStringIncludes(kept, "program\n");
      const script = 'test "$(program)" = "$1" && grep -qx program /etc/apk/world';
      const ran = await tower.run("ssh", "vault", "sh", "-c", script, "x", PARTS.join("\n"));
      assertEquals(ran.code, 0, ran.err);
      const gone = await tower.run("uninstall", "vault", "program");
      assertEquals(gone.code, 0, gone.err);
      assertEquals((await tower.run("run", "vault", "program")).code, 127);
    });
  },
});
