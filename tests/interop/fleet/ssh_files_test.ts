import { assertEquals, assertGreater } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hostKeyOf, keysOf, parseKnownHosts, setHostKeys } from "../../../lib/ssh/known_hosts.ts";
import { sshArgv } from "../../../lib/ssh/ssh_argv.ts";
import {
  hostSettings,
  includeLine,
  includesFile,
  parseSshConfig,
  removeHost,
  renderSshConfig,
  setHost,
} from "../../../lib/ssh/ssh_config.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers, randomText } from "../../support/program/random_numbers.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const lacks = (...programs: string[]) => programsMissing(runner, ...programs);
const SEED = 20240613;

const PATH_PIECES = [
  "a",
  "/",
  " ",
  "'",
  '"',
  "\\",
  "%",
  "%h",
  "%%",
  "$HOME",
  "#",
  "=",
  "~",
  ",",
  ";",
  "é",
  "*",
  "\\\\",
  "\\ ",
  "${".slice(0, 1),
];

/** What `ssh -G` understood, by keyword; of a keyword that comes again the first. */
function understood(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [keyword = ""] = line.split(" ", 1);
    if (!values.has(keyword)) values.set(keyword, line.slice(keyword.length + 1));
  }
  return values;
}

Deno.test({
  ...named(
    "real ssh reads back what a host's block and a call say, whatever their paths",
    lacks("ssh"),
  ),
  async fn() {
    using folder = tempFolder();
    const random = randomNumbers(SEED);
    for (let i = 0; i < 60; i++) {
      const path = (name: string) => {
        const text = `/${randomText(random, PATH_PIECES)}/${name}`;
        return text.replaceAll("${", "$");
      };
      const paths = {
        identityFile: path("id"),
        knownHostsFile: path("known"),
        controlFolder: path("control"),
      };
      const block = { hostName: `10.0.0.${i}`, user: "tower", connectTimeout: 1 + i, ...paths };
      const config = setHost(parseSshConfig("Host office\n  Compression yes\n"), "office", block);
      const file = join(folder.path, "config");
      Deno.writeTextFileSync(file, renderSshConfig(config));
      const { knownHostsFile } = block;
      const trust = { kind: "known", knownHostsFile, alias: "office" } as const;
      const argv = sshArgv({ address: block.hostName, trust, ...block });
      const [, ...args] = argv;
      const texts = [
        await run("ssh", "-G", "-F", file, "office"),
        await run("ssh", "-G", ...args),
      ];
      for (const [way, text] of texts.entries()) {
        const seen = understood(text);
        const about = `seed ${SEED}, case ${i}, way ${way}`;
        const value = (keyword: string) => seen.get(keyword);
        assertEquals(value("hostname"), block.hostName, about);
        assertEquals(value("user"), "tower", about);
        assertEquals(value("identityfile"), block.identityFile.replaceAll("%", "%%"), about);
        assertEquals(value("userknownhostsfile"), block.knownHostsFile, about);
        assertEquals(
          value("controlpath")?.replace(/\/[0-9a-f]{40}$/, ""),
          block.controlFolder,
          about,
        );
        assertEquals(value("globalknownhostsfile"), "none", about);
        assertEquals(value("stricthostkeychecking"), "true", about);
        assertEquals(value("identitiesonly"), "yes", about);
        assertEquals(value("hostkeyalias"), "office", about);
        assertEquals(value("controlpersist"), "60", about);
        assertEquals(value("connecttimeout"), String(block.connectTimeout), about);
      }
      assertEquals(hostSettings(config, "office")?.get("compression"), "yes");
    }
  },
});

/** Lines as people write them: blocks, comments, blanks, both ways to give a value. */
const CONFIG_LINES = [
  "",
  "# office",
  "Host one",
  "Host  two three",
  'host="one"',
  "Host !one *",
  "Match host two",
  "  User=me",
  "\tPort 2222",
  "Compression = yes",
  "  IdentityFile /a",
  " HostName 10.1.1.1 # here",
  "Host office2",
  "Host *.office",
];

Deno.test({
  ...named(
    "for every other host real ssh says the same after a host was set and removed",
    lacks("ssh"),
  ),
  async fn() {
    using folder = tempFolder();
    const random = randomNumbers(SEED);
    const file = join(folder.path, "config");
    const ask = async (text: string) => {
      Deno.writeTextFileSync(file, text);
      const names = ["one", "two", "three", "office2", "a.office"];
      return await Promise.all(names.map((name) => run("ssh", "-G", "-F", file, name)));
    };
    const block = {
      hostName: "10.9.8.7",
      user: "tower",
      identityFile: "/i",
      knownHostsFile: "/k",
      controlFolder: "/c",
      connectTimeout: 1,
    };
    for (let i = 0; i < 15; i++) {
      const about = `seed ${SEED}, case ${i}`;
      const lines = Array.from({ length: random.below(12) }, () => random.pick(CONFIG_LINES));
      const before = lines.map((line) => `${line}\n`).join("");
      const config = setHost(parseSshConfig(before), "office", block);
      assertEquals(await ask(renderSshConfig(config)), await ask(before), about);
      assertEquals(renderSshConfig(removeHost(config, "office")), before, about);
      const twice = setHost(setHost(config, "b", block), "office", { ...block, user: "x" });
      assertEquals(await ask(renderSshConfig(twice)), await ask(before), about);
      assertEquals(hostSettings(twice, "office")?.get("user"), "x", about);
    }
  },
});

Deno.test({
  ...named("real ssh follows the line that includes the tower's configuration", lacks("ssh")),
  async fn() {
    using folder = tempFolder();
    const [own, tower] = [join(folder.path, "config"), join(folder.path, "a b")];
    const block = {
      hostName: "10.9.8.7",
      user: "tower",
      identityFile: "/i",
      knownHostsFile: "/k",
      controlFolder: "/c",
      connectTimeout: 1,
    };
    Deno.writeTextFileSync(tower, renderSshConfig(setHost(parseSshConfig(""), "office", block)));
    const mine = "Host *\n  User me\n  ProxyJump bastion\n  RemoteCommand id\n";
    Deno.writeTextFileSync(own, `${includeLine(tower)}\n\n${mine}`);
    const ask = async (name: string) => understood(await run("ssh", "-G", "-F", own, name));
    const seen = await ask("office");
    const told = ["hostname", "user", "proxyjump", "remotecommand"].map((k) => seen.get(k));
    assertEquals(told, ["10.9.8.7", "tower", undefined, undefined]);
    const other = await ask("x");
    assertEquals([other.get("user"), other.get("proxyjump")], ["me", "bastion"]);
    const spellings = [
      `INCLUDE "${tower}"`,
      `\tinclude = "${tower}"  # mine\r`,
      `Include /none ${folder.path}/a*b`,
      `Include=${folder.path}//a?b`,
      `"Include" ${folder.path}/a\\ b`,
      `Include ${folder.path}/a b`,
      `Include ${folder.path}/a[\\ ]b`,
      `Host office x\nInclude "${tower}"`,
      `#Include "${tower}"`,
    ];
    const verdicts: boolean[] = [];
    for (const line of spellings) {
      Deno.writeTextFileSync(own, `${line}\n`);
      const isKnown = includesFile(parseSshConfig(`${line}\n`), tower, "/home/x");
      verdicts.push(isKnown);
      const isSeen = (await ask("office")).get("hostname") === "10.9.8.7";
      if (isKnown) assertEquals(isSeen, true, line);
    }
    assertEquals(verdicts, [true, true, true, true, true, false, false, false, false]);
  },
});

Deno.test({
  ...named(
    "real ssh-keygen finds the keys that were set, hashed or not, and so do we",
    lacks("ssh-keygen"),
  ),
  async fn() {
    using folder = tempFolder();
    const file = join(folder.path, "known_hosts");
    const keys = [];
    for (const name of ["one", "two"]) {
      const path = join(folder.path, name);
      await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", path);
      keys.push(hostKeyOf(Deno.readTextFileSync(`${path}.pub`))!);
    }
    let known = setHostKeys(parseKnownHosts(""), ["office", "192.168.2.1"], [keys[0]!]);
    known = setHostKeys(known, ["other", "192.168.2.100"], keys);
    Deno.writeTextFileSync(file, known.lines.map((line) => `${line}\n`).join(""));
    const found = async (name: string) => {
      const { stdout } = await runner.run({
        argv: ["ssh-keygen", "-F", name, "-f", file],
        okCodes: [0, 1],
      });
      const lines = new TextDecoder().decode(stdout).split("\n");
      return lines.filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => line.split(" ")[2]);
    };
    for (const hashed of [false, true]) {
      if (hashed) await run("ssh-keygen", "-H", "-f", file);
      const read = parseKnownHosts(Deno.readTextFileSync(file));
      for (const name of ["office", "192.168.2.1", "other", "192.168.2.100", "192.168.2.10"]) {
        const ours = keysOf(read, name).map((key) => key.base64);
        assertEquals(ours, await found(name) as string[], `${name}, hashed: ${hashed}`);
      }
    }
    const read = parseKnownHosts(Deno.readTextFileSync(file));
    const changed = setHostKeys(read, ["office", "192.168.2.1"], [keys[1]!]);
    assertGreater(read.lines.length, 3);
    Deno.writeTextFileSync(file, changed.lines.map((line) => `${line}\n`).join(""));
    assertEquals(await found("192.168.2.1"), [keys[1]!.base64]);
    assertEquals((await found("192.168.2.100")).length, 2);
  },
});
