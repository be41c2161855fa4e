import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { remoteCommand } from "../../../lib/ssh/remote_command.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = rootMissing() ??
  programsMissing(runner, "scp", "ssh-keygen", "/usr/sbin/sshd", "unshare", "mount");

/** A runner whose scp reaches a server through a program instead of a network. */
function through(proxy: () => string): Runner {
  const placed = (command: Command): Command => {
    const [program, ...rest] = command.argv;
    if (program !== "scp") return command;
    // The account of the test is root's, which no host's user may be; no connection outlives it.
    const own = [`ProxyCommand=${proxy()}`, "User=root", "ControlPath=none"];
    return { ...command, argv: [program, ...own.flatMap((option) => ["-o", option]), ...rest] };
  };
  return {
    which: (program) => runner.which(program),
    run: (command, options) => runner.run(placed(command), options),
    spawn: (command, options) => runner.spawn(placed(command), options),
  };
}

Deno.test({
  ...named("tower cp carries files both ways by a real sshd, whatever their names are", missing),
  async fn() {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    const keygen = (path: string) =>
      runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path] });
    for (const name of ["host", "other"]) await keygen(at(name));
    let key = at("host");
    const server = () =>
      `mount -t tmpfs t /run && mkdir /run/sshd && exec /usr/sbin/sshd -i -f /dev/null -h ${key} ` +
      `-o AuthorizedKeysFile=${at("id.pub")} -o StrictModes=no -o UsePAM=no ` +
      `-o 'Subsystem=sftp internal-sftp -d ${at("far")}'`;
    using tower = new TowerProgram({
      runner: through(() => `unshare --mount sh -c ${remoteCommand([server()])}`),
    });
    layHost(tower.folder, "web");
    const inventory = join(tower.folder, "hosts/web");
    await keygen(join(inventory, "id_ed25519"));
    Deno.copyFileSync(join(inventory, "id_ed25519.pub"), at("id.pub"));
    Deno.copyFileSync(at("host.pub"), join(inventory, "ssh_host_ed25519_key.pub"));
    Deno.mkdirSync(at("far"));
    const here = (name: string) => join(tower.env.cwd, name);
    const text = Deno.readTextFileSync;

    const NAMES = ["plain", "a b", "-r", "$(id)", "it's", "é", "a:b", "web:x"];
    for (const name of NAMES) Deno.writeTextFileSync(here(name), name);
    const sources = NAMES.map((name) => name.includes(":") ? `./${name}` : name);
    const to = await tower.run("cp", "--", ...sources, "web:");
    assertEquals([to.code, to.err], [0, ""]);
    for (const name of NAMES) assertEquals(text(join(at("far"), name)), name);

    Deno.mkdirSync(here("tree/deep"), { recursive: true });
    Deno.writeTextFileSync(here("tree/deep/file"), "deep");
    assertEquals((await tower.run("cp", "tree", "web:")).code, 1, "a folder needs -r");
    assertEquals((await tower.run("cp", "-r", "-p", "tree", "web:copy")).code, 0);
    assertEquals(text(at("far/copy/deep/file")), "deep");
    Deno.mkdirSync(here("back"));
    assertEquals((await tower.run("cp", "-r", "web:copy", "web:a b", "web:p*", "back")).code, 0);
    assertEquals(text(here("back/copy/deep/file")), "deep");
    assertEquals([text(here("back/a b")), text(here("back/plain"))], ["a b", "plain"]);
    assertEquals((await tower.run("cp", "web:nothing", ".")).code, 1);

    key = at("other");
    assert((await tower.run("cp", "web:plain", "swapped")).code !== 0);
    assert(!Array.from(Deno.readDirSync(tower.env.cwd)).some(({ name }) => name === "swapped"));
  },
});

Deno.test("tower cp takes one host, and nothing that would be an option for another", async () => {
  using tower = new TowerProgram({ runner: through(() => "false") });
  for (const name of ["web", "vault"]) layHost(tower.folder, name);
  const { code, out } = await tower.run("cp", "--dry-run", "--", "-oX=1", "b:c/../d", "web:-x");
  assertEquals([code, out], [1, ""], "b is no host");
  const shown = await tower.run("cp", "--dry-run", "-r", "--", "-oX=1", "./b:c", "/d", "web:-x");
  assertStringIncludes(shown.out, "scp -F none -s -r -o User=");
  assertStringIncludes(shown.out, " -o HostKeyAlias=web ");
  assert(shown.out.endsWith(" -- ./-oX=1 ././b:c /d 192.168.2.200:-x\n"), shown.out);
  for (
    const [args, status, message, hint] of [
      [["a"], 2, 'Cannot copy "a": there is no destination', "such as: tower cp"],
      [["a", "b"], 2, "Cannot copy: no path is on a host", "HOST:PATH"],
      [["", "web:"], 2, 'Cannot copy "": it is no path', ""],
      [["no:a", "b"], 1, 'Cannot find host "no": there is none', "./NAME"],
      [["-oX=1:a", "b"], 2, 'unknown option "-oX=1:a"', ""],
      [["--", "-oX=1:a", "b"], 1, 'Cannot find host "-oX=1": there is none', "./NAME"],
      [["root@web:a", "b"], 1, 'Cannot find host "root@web": there is none', "./NAME"],
      [["web:a", "vault:b"], 2, 'Cannot copy between "web" and "vault"', "this machine first"],
      [["web:a", "web:b"], 2, 'all on "web"', "tower ssh web cp A B"],
      [["web:a", "b", "c"], 2, "are all on", "one after the other"],
    ] as const
  ) {
    const { code, out, err } = await tower.run("cp", ...args);
    assertEquals([code, out], [status, ""], args.join(" "));
    assertStringIncludes(err, message);
    assertStringIncludes(err, hint);
  }
});
