import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { splitArguments } from "./argument.ts";
import {
  hostKeyOf,
  keysOf,
  parseKnownHosts,
  removeName,
  renderKnownHosts,
  setHostKeys,
} from "./known_hosts.ts";
import { remoteCommand } from "./remote_command.ts";
import { sshArgv, type SshTarget } from "./ssh_argv.ts";
import {
  type HostBlock,
  hostNames,
  hostSettings,
  includeLine,
  includesFile,
  parseSshConfig,
  removeHost,
  renderSshConfig,
  setHost,
} from "./ssh_config.ts";

const BLOCK: HostBlock = {
  hostName: "192.168.2.200",
  user: "tower",
  identityFile: "/home/a b/.local/tower/hosts/office/id_ed25519",
  knownHostsFile: "/home/a b/.local/tower/known_hosts",
  controlFolder: "/run/user/1000/tower",
  connectTimeout: 3,
};

/** As TowerOS 0.7 and a person leave it. */
const CONFIG = `# mine
Host office
  Hostname 192.168.2.202
  User tower
  # keep me
  Compression yes
  IdentityFile /old/id

Host *.example other
\tUser=me
Match host office
  Port 2222
# the end`;

Deno.test("a configuration that nobody changes stays as it is, line by line", () => {
  for (const text of [`${CONFIG}\n`, "", "\n", "Host\n", "  =\n\t\n", 'garbage "\n']) {
    assertEquals(renderSshConfig(parseSshConfig(text)), text);
  }
});

Deno.test("a host's block is replaced; lines of the user stay, in it and around it", () => {
  const changed = setHost(parseSshConfig(CONFIG), "office", BLOCK);
  const settings = hostSettings(changed, "office")!;
  assertEquals(settings.get("hostname"), "192.168.2.200");
  assertEquals(settings.get("identityfile"), BLOCK.identityFile);
  assertEquals(settings.get("compression"), "yes");
  assertEquals(settings.get("stricthostkeychecking"), "yes");
  const text = renderSshConfig(changed);
  for (const line of ["# mine", "  # keep me", "\tUser=me", "  Port 2222", "# the end"]) {
    assert(text.split("\n").includes(line), line);
  }
  assert(!text.includes("/old/id"));
  assertEquals(setHost(changed, "office", BLOCK), changed);
});

Deno.test("hosts are appended in order, found by name and removed with nothing else", () => {
  let config = parseSshConfig(CONFIG);
  for (const name of ["b", "a"]) config = setHost(config, name, BLOCK);
  assertEquals(hostNames(config), ["office", "b", "a"]);
  assertEquals(renderSshConfig(removeHost(removeHost(config, "b"), "a")), `${CONFIG}\n`);
  const without = removeHost(config, "office");
  assertEquals(hostNames(without), ["b", "a"]);
  assertEquals(hostSettings(without, "other"), undefined);
  assertEquals(removeHost(without, "none"), without);
});

Deno.test("a file is known as included in any spelling; what stands in a block is for some", () => {
  const home = "/home/a b";
  const path = `${home}/.local/tower/config`;
  const isIncluded = (text: string) => includesFile(parseSshConfig(text), path, home);
  const spellings = [
    includeLine(path),
    `INCLUDE "${path}"\r`,
    `\t include="${path}" # mine`,
    'Include = "~/.local/tower/config"',
    "Include config.d/* ~/.local/tower/config",
    "Include ~/.local/tower/c*g",
    "Include ~/.local//tower/?onfig",
    '"Include" ../.local/x /home/a\\ b/.local/tower/config',
    `# \xff\nUser x\n${includeLine(path)}\nHost y`,
  ];
  for (const text of spellings) assert(isIncluded(text), text);
  const others = [
    "",
    `# ${includeLine(path)}`,
    `Host x\n${includeLine(path)}`,
    `match all\n${includeLine(path)}`,
    "Include ~/*/tower/config",
    "Include ~/.local/tower/*/config",
    `Include ${path}`,
    `Include "${path}`,
    "Includes ~/.local/tower/config",
    "Include .local/tower/config",
  ];
  for (const text of others) assert(!isIncluded(text), text);
});

Deno.test("what a user's Host * says of proxies and commands is not for the tower's hosts", () => {
  const text = renderSshConfig(setHost(parseSshConfig(""), "office", BLOCK));
  for (const line of ["ProxyJump none", "ProxyCommand none", "RemoteCommand none"]) {
    assert(text.includes(`  ${line}\n`), line);
  }
  const own = parseSshConfig("Host office\n  proxyjump=bastion\n");
  const settings = hostSettings(setHost(own, "office", BLOCK), "office");
  assertEquals([settings?.get("proxyjump"), settings?.get("remotecommand")], ["bastion", "none"]);
});

Deno.test("a name or value that would become another line or option is refused", () => {
  const config = parseSshConfig("");
  for (const name of ["", "-x", "a b", "a\nb", "*", "a,b", "A"]) {
    assertThrows(() => setHost(config, name, BLOCK), RangeError);
  }
  for (const evil of ["a\nProxyCommand x", "a\0b", "a\rb"]) {
    assertThrows(() => setHost(config, "a", { ...BLOCK, user: evil }), TowerError);
    assertThrows(() => setHost(config, "a", { ...BLOCK, hostName: evil }), TowerError);
  }
  for (const path of ["relative", "~/x", "/a/${HOME}", "/a\n"]) {
    assertThrows(() => setHost(config, "a", { ...BLOCK, identityFile: path }), TowerError);
  }
  assertThrows(() => setHost(config, "a", { ...BLOCK, connectTimeout: 0.5 }), RangeError);
});

Deno.test("arguments are split at blanks outside quotes, up to a comment", () => {
  assertEquals(splitArguments(`a "b c" 'd"e' f\\"g "h\\\\" # i`), [
    "a",
    "b c",
    'd"e',
    'f"g',
    "h\\",
  ]);
  assertEquals(splitArguments(`a#b "" `), ["a#b", ""]);
  assertEquals(splitArguments(`"a`), undefined);
});

const KEY_A = hostKeyOf(`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${"A".repeat(48)} root@office\n`)!;
const KEY_B = hostKeyOf(`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${"B".repeat(48)}`)!;
const line = (names: string, key = KEY_A) => `${names} ${key.type} ${key.base64}`;

Deno.test("E16: to forget 192.168.2.1 forgets no other address", () => {
  const others = [line("192.168.2.100"), line("192.168.2.10,192x168x2x1"), line("1.192.168.2.1")];
  const known = parseKnownHosts([line("192.168.2.1"), ...others].join("\n"));
  assertEquals(removeName(known, "192.168.2.1").lines, others);
});

Deno.test("only one name goes from a line of several; marked, unknown and empty lines stay", () => {
  const lines = [
    line("a,b,c"),
    "# b",
    "",
    `@revoked ${line("b")}`,
    `@cert-authority ${line("b")}`,
    "b",
    "b ssh-rsa",
    "garbage",
  ];
  const known = parseKnownHosts(lines.join("\n") + "\n");
  assertEquals(renderKnownHosts(known), lines.join("\n") + "\n");
  assertEquals(removeName(known, "b").lines, [line("a,c"), ...lines.slice(1)]);
});

Deno.test("hashed names are found and forgotten", () => {
  // Made by `ssh-keygen -H` of the line for office.
  const hashed = "|1|aga+Ga3e5D5903R8O71yG8HeVdo=|Si5xIWTVaDl0edOeY2vgvq9EnWQ=";
  const known = parseKnownHosts(line(hashed));
  assertEquals(keysOf(known, "office"), [KEY_A]);
  assertEquals(removeName(known, "office").lines, []);
  assertEquals(removeName(known, "other"), known);
});

Deno.test("the keys of a host are exactly those that were set last", () => {
  let known = parseKnownHosts([line("office"), line("192.168.2.200,x")].join("\n"));
  known = setHostKeys(known, ["office", "192.168.2.200"], [KEY_B]);
  assertEquals(keysOf(known, "office"), [KEY_B]);
  assertEquals(keysOf(known, "192.168.2.200"), [KEY_B]);
  assertEquals(keysOf(known, "x"), [KEY_A]);
  for (const name of ["", "a b", "a,b", "*", "a\nb", "!a", "|1|a"]) {
    assertThrows(() => setHostKeys(known, [name], [KEY_A]), RangeError);
  }
  const evil = { type: "ssh-ed25519", base64: "AAAA\n* ssh-rsa AAAA" };
  assertThrows(() => setHostKeys(known, ["a"], [evil]), RangeError);
});

const TARGET: SshTarget = {
  address: "192.168.2.200",
  user: "tower",
  identityFile: "/k/id",
  trust: { kind: "known", knownHostsFile: "/k/known", alias: "office" },
  connectTimeout: 3,
};

Deno.test("a call believes only its own file of keys and never asks", () => {
  const argv = sshArgv(TARGET, { command: ["cat", "a b"] });
  for (
    const option of ["StrictHostKeyChecking=yes", "BatchMode=yes", "GlobalKnownHostsFile=none"]
  ) {
    assert(argv.includes(option), option);
  }
  assertEquals(argv.slice(-3), ["192.168.2.200", "--", "cat 'a b'"]);
  const first = { ...TARGET, trust: { kind: "first-seen", knownHostsFile: "/k/known" } } as const;
  assert(sshArgv(first).includes("StrictHostKeyChecking=accept-new"));
});

Deno.test("a connection lends a host nothing, lets it ask nothing, and ends when it is gone", () => {
  const wanted = {
    ForwardAgent: "no",
    ForwardX11: "no",
    ForwardX11Trusted: "no",
    PreferredAuthentications: "publickey",
    ServerAliveInterval: "5",
    ServerAliveCountMax: "3",
  };
  const argv = sshArgv(TARGET);
  const block = hostSettings(setHost({ lines: [] }, "office", BLOCK), "office")!;
  for (const [keyword, value] of Object.entries(wanted)) {
    assert(argv.includes(`${keyword}=${value}`), keyword);
    assertEquals(block.get(keyword.toLowerCase()), value, keyword);
  }
});

Deno.test("a host that looks like an option is refused", () => {
  for (const address of ["-oProxyCommand=id", "", "a b", "a;b", "user@a", "ssh://a"]) {
    assertThrows(() => sshArgv({ ...TARGET, address }), RangeError);
  }
});

Deno.test("a remote command is quoted word by word; NUL is refused", () => {
  assertEquals(
    remoteCommand(["a", "b c", "", "it's", "$(id)", "x=1"]),
    `a 'b c' '' 'it'\\''s' '$(id)' 'x=1'`,
  );
  assertEquals(remoteCommand(["a=b"]), "'a=b'");
  assertThrows(() => remoteCommand(["a", "b\0c"]), RangeError);
  assertThrows(() => remoteCommand(["-x"]), RangeError);
});
