import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { COLOR_WORDS } from "../../lib/tower_env/color_names.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Command } from "../../lib/proc/command.ts";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { removeTree } from "../../lib/files/files.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import { failingSsh, TowerProgram } from "../support/fleet/tower_program.ts";

const REFUSED = "ssh: connect to host 192.168.2.200 port 22: Connection refused";
const ANSWER = '{"agent":1,"time":1700000000,"system":"x","kernel":"6","load":"0.01",' +
  '"uptime":1,"processors":1,"memoryTotal":4,"memoryAvailable":3,"temperature":null,' +
  '"diskTotal":9,"diskUsed":1,"packages":1}';
const tower = () => new TowerProgram({ runner: new RecordingRunner() });

Deno.test("E1: wrong usage ends with 2, failures with 1, both told on standard error", async () => {
  using program = tower();
  const cases: [string[], number, string][] = [
    [["nonsense"], 2, "unknown command"],
    [["provision"], 2, "missing required argument"],
    [["provision", "a b", "--offline", "--device-file", "x"], 2, "Cannot name a host"],
    [["provision", "vault", "--device-file", "x"], 2, "say one of --online and --offline"],
    [["provision", "vault", "--offline"], 2, "say one of --boot-device and --device-file"],
    [["provision", "vault", "--offline", "--device-file", "x"], 1, "Cannot find an image"],
    [["status", "nobody"], 1, 'Cannot find host "nobody"'],
    [["ssh", "nobody"], 1, 'Cannot find host "nobody"'],
    [["deprovision", "../etc"], 2, "Cannot name a host"],
    [["firewall", "check", "thinclient", "x y"], 2, "it is not NAME, NAME:PORT"],
  ];
  for (const [args, expected, message] of cases) {
    const { code, out, err } = await program.run(...args);
    assertEquals([code, out], [expected, ""], args.join(" "));
    assertStringIncludes(err, message);
  }
  const json = await program.run("status", "nobody", "--json");
  assertEquals(JSON.parse(json.err).code, "not-found");
});

Deno.test("E20: no missing program and no broken host stands in the way of help and list", async () => {
  using program = tower();
  layHost(program.folder, "bad", "HOSTNAME='bad'; reboot\n");
  layHost(program.folder, "good");
  const hosts = join(program.folder, "hosts");
  Deno.writeTextFileSync(join(hosts, ".DS_Store"), "");
  Deno.symlinkSync("loop", join(hosts, "loop"));
  Deno.symlinkSync("loop", join(hosts, "good/loop"));
  for (const args of [["--help"], ["provision", "--help"], ["version"]]) {
    assertEquals((await program.run(...args)).code, 0, args.join(" "));
  }
  const { code, out, err } = await program.run("list");
  assertEquals(code, 3);
  assertMatch(out, /^good +online +192\.168\.2\.200 +N\/A$/m);
  assertStringIncludes(err, 'Cannot use host "bad"');
  const doctor = await program.run("doctor");
  assertEquals(doctor.code, 1);
  assertStringIncludes(doctor.out, "ssh is missing: it is needed to reach hosts");
  assertStringIncludes(doctor.out, "can read DIR/home/.local/tower/hosts/good/tower.env");
  assertStringIncludes(
    doctor.out,
    "no host can have that name: remove DIR/home/.local/tower/hosts/.DS_Store",
  );
});

Deno.test("an inventory of TowerOS is read as it is, the router first; nothing but known_hosts is added", async () => {
  using program = tower();
  for (const name of ["web", "router", "vault"]) layHost(program.folder, name);
  Deno.writeTextFileSync(join(program.folder, "config"), "Host web\n  Hostname 192.168.2.200\n");
  const { code, out } = await program.run("list", "--json");
  assertEquals(code, 0);
  const rows = JSON.parse(out).map((h: { name: string; ip: string }) => [h.name, h.ip]);
  assertEquals(rows, [["router", "192.168.2.1"], ["vault", "192.168.3.200"], [
    "web",
    "192.168.2.200",
  ]]);
  const config = Deno.readTextFileSync(join(program.folder, "config"));
  assertEquals(config, "Host web\n  Hostname 192.168.2.200\n");
  // For ssh, which list does not call.
  await program.run("status");
  const known = Deno.readTextFileSync(join(program.folder, "known_hosts"));
  assertMatch(known, /^vault,192\.168\.3\.200 ssh-ed25519 /m);
});

Deno.test("a command line of ssh believes only the known key, and no configuration", async () => {
  using program = tower();
  layHost(program.folder, "web");
  const { out } = await program.run("ssh", "--dry-run", "web", "echo", "a b; reboot");
  for (
    const part of [
      "-F none",
      "StrictHostKeyChecking=yes",
      "HostKeyAlias=web",
      "IdentitiesOnly=yes",
      "GlobalKnownHostsFile=none",
    ]
  ) assertStringIncludes(out, part);
  assert(out.includes("a b; reboot"), out);
});

Deno.test("ssh finds the folder of its sockets in an inventory that TowerOS made", async () => {
  // A short path: there are no sockets below a long one.
  const home = Deno.makeTempDirSync({ dir: "/tmp", prefix: "t-" });
  using _home = { [Symbol.dispose]: () => removeTree(home) };
  using program = new TowerProgram({ runner: new RecordingRunner({ ssh: {} }), home });
  layHost(program.folder, "web");
  assertEquals((await program.run("ssh", "web", "true")).code, 0);
  assertEquals(Deno.statSync(join(program.folder, "control")).mode! & 0o777, 0o700);
});

Deno.test("options of tower ssh may stand behind the host, and -- ends them", async () => {
  using program = tower();
  layHost(program.folder, "web");
  const shown = async (...args: string[]) => (await program.run(...args)).out;
  const shell = await shown("ssh", "--dry-run", "web");
  assertEquals(await shown("ssh", "web", "--dry-run"), shell);
  const list = await shown("ssh", "--dry-run", "web", "ls", "-l", "--", "--dry-run");
  assertStringIncludes(list, "'ls -l -- --dry-run'");
  for (
    const args of [
      ["web", "--dry-run", "ls", "-l", "--", "--dry-run"],
      ["--dry-run", "web", "--", "ls", "-l", "--", "--dry-run"],
      ["web", "--dry-run", "--", "ls", "-l", "--", "--dry-run"],
    ]
  ) assertEquals(await shown("ssh", ...args), list, args.join(" "));
  for (
    const [args, message] of [
      [["web", "--frob"], 'unknown option "--frob"'],
      [["web", "--", "-x"], 'Cannot run "-x" on "web": it is no program\'s name'],
    ] as const
  ) {
    const { code, err } = await program.run("ssh", ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, message);
  }
});

Deno.test("a file of answers is told all its faults at once, with what was meant and no secret", async () => {
  using program = tower();
  const file = join(program.env.cwd, "tower.yaml");
  const fails = async (text: string) => {
    Deno.writeTextFileSync(file, text);
    const words = ["--device-file", "x", "--answers", "tower.yaml"];
    const { code, err } = await program.run("provision", "vault", ...words);
    assertEquals(code, 2, err);
    return err.split("\n").slice(0, -2).map((line) => line.replaceAll("DIR/cwd/", "").trim());
  };
  assertEquals(
    await fails(
      "time-zone: UTC\nlang: german\nhosts:\n  vault: {ofline: true, password: 1234, color: pink}\n" +
        "  web: [online]\n",
    ),
    [
      'error: Cannot read "tower.yaml": 6 faults',
      'tower.yaml:1:1: time-zone: is not a known field; did you mean "timezone"?',
      "tower.yaml:2:7: lang: must be a language such as en_US or en_US.UTF-8",
      'tower.yaml:4:11: hosts.vault.ofline: is not a known field; did you mean "offline"?',
      "tower.yaml:4:35: hosts.vault.password: must be text, not a number: write it in quotes",
      "tower.yaml:4:48: hosts.vault.color: must be one of " + COLOR_WORDS.join(", "),
      "tower.yaml:5:8: hosts.web: must be fields with values, not a list",
    ],
  );
  for (
    const text of ["- a\n", 'password: "s3cret\n', "a: b: s3cret\n", "wlan-password: *s3cret\n"]
  ) {
    assert(!(await fails(text)).join().includes('"s3cret'), text);
  }
});

Deno.test("a host's name that was mistyped is told the one that was meant", async () => {
  using program = tower();
  for (const name of ["vault", "web"]) layHost(program.folder, name);
  for (const [asked, meant] of [["valut", '; did you mean "vault"?'], ["bank", ""]] as const) {
    const { err } = await program.run("ssh", asked);
    assertEquals(err.split("\n"), [
      `error: Cannot find host "${asked}": there is none${meant}`,
      "  hint: Known hosts: vault, web",
      "",
    ]);
  }
});

Deno.test("what stands in a host's place is meant as well: a role, the thin client, the Internet", async () => {
  using program = tower();
  layHost(program.folder, "web");
  for (
    const [words, meant] of [
      [["show", "ofline"], "offline"],
      [["check", "thinclint", "web:22"], "thinclient"],
      [["check", "web", "intrenet:443"], "internet"],
    ] as const
  ) {
    const { code, err } = await program.run("firewall", ...words);
    assertEquals(code, 1);
    assertStringIncludes(err, `there is none; did you mean "${meant}"?\n`);
  }
});

Deno.test("B7: firewall check answers from the rules; one cable is warned of loudly", async () => {
  using program = tower();
  for (const name of ["web", "router", "vault"]) layHost(program.folder, name);
  const check = async (from: string, to: string) =>
    (await program.run("firewall", "check", from, to)).code;
  assertEquals(await check("thinclient", "vault:22"), 0);
  assertEquals(await check("thinclient", "vault:80"), 1);
  assertEquals(await check("vault", "thinclient:22"), 1);
  assertEquals(await check("web", "vault:22"), 1);
  assertEquals(await check("web", "internet:443"), 0);
  assertEquals(await check("internet", "web:22"), 1);
  const verdict = async (from: string, to: string) =>
    (await program.run("firewall", "check", from, to)).out;
  assertEquals(
    await verdict("web", "192.168.3.200:22"),
    (await verdict("web", "vault:22")).replace("vault:22", "192.168.3.200:22"),
  );
  assertEquals(await check("192.168.2.100", "192.168.3.200:22"), 0);
  assertEquals(await check("web", "93.184.216.34:443"), 0);
  assertEquals(await check("vault", "93.184.216.34:443"), 1);
  const { code, err } = await program.run("firewall", "check", "web", "192.168.3.77:22");
  assertEquals(code, 1);
  assertStringIncludes(err, "no host has that address of the offline network");
  assertEquals(
    await verdict("vault", "93.184.216.34:443"),
    "vault to 93.184.216.34:443: no, stopped at vault: has no route to internet\n",
  );
  assertEquals(
    await verdict("vault", "web:80"),
    "vault to web:80: no, stopped at vault: has no route to web (192.168.2.200)\n",
  );
  const shown = await program.run("firewall", "show", "thinclient", "--one-cable");
  assertStringIncludes(shown.err, "warning: with one cable both networks are one");
  assertStringIncludes(shown.out, ":INPUT DROP [0:0]");
  const six = await program.run("firewall", "show", "web", "--family", "ipv6");
  assertStringIncludes(six.out, ":FORWARD DROP [0:0]");
});

Deno.test("firewall apply on this machine says that only root may, and how", async () => {
  const scripts = { id: { stdout: "1000\n" }, sudo: {} };
  using program = new TowerProgram({ runner: new RecordingRunner(scripts) });
  const { code, err } = await program.run("firewall", "apply");
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot load this machine's rules: only root may");
  assertStringIncludes(err, 'sudo env HOME="$HOME" tower firewall apply');
  assertEquals((await program.run("firewall", "apply", "--timeout", "1")).code, 2);
});

Deno.test("E13: synctime by a user who has no hosts fails, and says whose it would need to be", async () => {
  using program = tower();
  for (const command of ["synctime", "poweroff", "reboot"]) {
    const { code, out, err } = await program.run(command);
    assertEquals([code, out], [1, ""], command);
    assertStringIncludes(err, 'Cannot find a host in "DIR/home/.local/tower"');
    assertStringIncludes(err, "as the user who provisioned the hosts");
  }
});

Deno.test("a host that was named to reboot and is down is told, with status 3; off it is already", async () => {
  using program = new TowerProgram({ runner: new RecordingRunner({ ssh: failingSsh(REFUSED) }) });
  for (const name of ["web", "vault"]) layHost(program.folder, name);
  const down = 'error: Cannot reach "web": it refuses connections to its SSH port';
  for (const more of [[], ["--dry-run"]]) {
    const { code, out, err } = await program.run("reboot", "web", ...more);
    assertEquals([code, out, err.startsWith(down)], [3, "", true], `${out}${err}`);
  }
  const { code, out } = await program.run("reboot", "web", "--json");
  assertEquals([code, JSON.parse(out)[0].host, JSON.parse(out)[0].ok], [3, "web", false]);
  for (const args of [["reboot"], ["poweroff"], ["poweroff", "web"]]) {
    const { code, out, err } = await program.run(...args);
    assertEquals([code, out], [0, "Nothing to do.\n"], `${args}`);
    assertStringIncludes(err, "No host that was asked is up: tower status\n");
  }
});

Deno.test("where no host answers, status tells whether this machine could reach any", async () => {
  for (const [address, told] of [["10.0.0.5/24", true], ["192.168.3.100/24", false]] as const) {
    const stdout = `forwards 0 0\ncard eth0 02:00:00:00:00:01 1 1\naddress eth0 ${address}\n`;
    const runner = new RecordingRunner({ ssh: failingSsh(REFUSED), ip: {}, sh: { stdout } });
    using program = new TowerProgram({ runner });
    const none = await program.run("status");
    assertEquals([none.out, none.err.split("\n").includes("Make one with: tower provision NAME")], [
      "No host found.\n",
      true,
    ]);
    layHost(program.folder, "vault");
    const { code, err } = await program.run("status");
    assertEquals(code, 0);
    assertEquals(/^this machine is no thin client: .*\n {2}mend: /m.test(err), told, err);
  }
});

Deno.test("two hosts at one address: the one that does not answer there is told, with status 3", async () => {
  let answers = 0;
  const ssh = (command: Command) =>
    command.argv.some((word) => word.includes("HostKeyAlias=web"))
      ? (answers++, { stdout: ANSWER })
      : failingSsh("Host key verification failed.")(command);
  using program = new TowerProgram({ runner: new RecordingRunner({ ssh }) });
  for (const name of ["web", "mail"]) layHost(program.folder, name);
  const { code, out } = await program.run("status");
  assertEquals([code, answers], [3, 1]);
  assertMatch(out, /^web +up /m);
  assertMatch(out, /^mail +fault /m);
  assertStringIncludes(out, 'Cannot reach "mail": it has the address 192.168.2.200 of "web"');
  const reboot = await program.run("reboot", "mail");
  assertEquals([reboot.code, reboot.out], [3, ""]);
  assertStringIncludes(reboot.err, 'it has the address 192.168.2.200 of "web"');
});

Deno.test("deprovision wants the name again; then folder, known key and SSH block are gone", async () => {
  using program = new TowerProgram({ answers: ["yes", "web"] });
  for (const name of ["web", "vault"]) layHost(program.folder, name);
  const first = await program.run("deprovision", "web");
  assertEquals([first.code, first.err.endsWith("Nothing was changed.\n")], [1, true]);
  const second = await program.run("deprovision", "web");
  assertEquals([second.code, second.out], [0, "web is forgotten.\n"], second.err);
  assertEquals(JSON.parse((await program.run("list", "--json")).out).length, 1);
  for (const file of ["config", "known_hosts"]) {
    const text = Deno.readTextFileSync(join(program.folder, file));
    assert(!/web/.test(text) && /vault/.test(text), text);
  }
});

Deno.test("other networks stand in one file; a wrong one is told by its rule", async () => {
  using program = tower();
  for (const name of ["web", "router"]) layHost(program.folder, name);
  const path = join(program.folder, "networks.yaml");
  Deno.writeTextFileSync(
    path,
    "online: { network: 10.7.2.0/24, thinClient: 10.7.2.100, router: 10.7.2.1, firstHost: 200 }\n" +
      "offline: { network: 10.7.3.0/24, thinClient: 10.7.3.100, firstHost: 200 }\n",
  );
  assertStringIncludes((await program.run("firewall", "show", "offline")).out, "-s 10.7.3.100/32");
  Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("10.7.2.0/24", "8.8.8.0/24"));
  const { code, err } = await program.run("firewall", "show", "offline");
  assertEquals(code, 2);
  assertStringIncludes(err, "must be private");
  for (
    const [text, message] of [
      ["online: 7\n", "networks.yaml:1:9: online: must be fields with values, not a number"],
      ["online: {}\noffline: {}\n", "networks.yaml:1:9: online.router: is missing"],
      ["online: [\n", "networks.yaml:"],
      [
        "online: { network: x, thinClient: y, router: z, firstHost: 1.5 }\noffline: {}\n",
        "offline",
      ],
    ] as const
  ) {
    Deno.writeTextFileSync(path, text);
    const { err } = await program.run("firewall", "show", "offline");
    assertStringIncludes(err, message);
    assertEquals(/Invalid|expected|something happened/.exec(err), null, err);
  }
});

Deno.test("status --watch draws in place, and Ctrl-C ends it with 130 and no word", async () => {
  const stop = new AbortController();
  using program = new TowerProgram({
    runner: new RecordingRunner({ ssh: failingSsh(REFUSED) }),
    isTerminal: true,
    variables: { TERM: "xterm" },
    signal: stop.signal,
  });
  layHost(program.folder, "web");
  const running = program.run("status", "--watch");
  while (program.env.out === "") await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort(new TowerError("interrupted", "Cannot go on: SIGINT was received"));
  const { code, out, err } = await running;
  assertEquals([code, err], [130, ""]);
  assertMatch(out, /^\x1b\[HNAME .*\x1b\[K\nweb +down .*\x1b\[K\nweb: .*\x1b\[K\n\x1b\[J$/);
});

Deno.test("the fields of list --json and status --json stay as programs know them", async () => {
  let isUp = true;
  const ssh = (command: Command) => isUp ? { stdout: ANSWER } : failingSsh(REFUSED)(command);
  using program = new TowerProgram({ runner: new RecordingRunner({ ssh }) });
  layHost(program.folder, "web");
  const fields = async (...args: string[]) => {
    const { out } = await program.run(...args, "--json");
    return Object.keys(JSON.parse(out)[0]).sort().join(" ");
  };
  const known = "ip name online-host role toweros-version";
  assertEquals(await fields("list"), known);
  const always = "color cpu-temperature disk-total disk-usage ";
  const shared =
    "memory-total memory-usage name online-host packages-installed role status system ";
  assertEquals(
    await fields("status"),
    `${always}ip kernel load ${shared}time-offset toweros-version uptime`,
  );
  isUp = false;
  assertEquals(await fields("status"), `${always}error ip ${shared}toweros-version`);
});
