import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { CLEAR } from "../../../lib/dialog/frame.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { ShownScreen } from "../../support/setup/shown_screen.ts";
import { Pty } from "../../support/program/pty.ts";

const missing = programsMissing(denoRunner(), "script", "stty");

/** A terminal that `tower setup` asks on, of a medium with three keyboards. */
class Questions extends Pty {
  readonly term: string;

  constructor(home: string, { term = "vt100", answers = [] as string[] } = {}) {
    for (const file of ["us/us", "us/us-intl", "de/de"]) {
      const path = `${home}/share/bkeymaps/${file}.bmap.gz`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, "");
    }
    super("tests/support/setup/ask_setup.ts", [`${home}/share`, ...answers], {
      variables: { HOME: home, TERM: term, PATH: "/usr/bin:/bin" },
    });
    this.term = term;
  }

  /** Types something, and waits for what then shows. */
  async typing(text: string, then: RegExp): Promise<void> {
    const before = this.text.length;
    this.types(text);
    const end = performance.now() + 30_000;
    while (!then.test(this.#shown(before))) {
      if (performance.now() > end) assertMatch(this.#shown(before), then);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What stands on the terminal; on one without a screen, what came after something. */
  #shown(from: number): string {
    if (this.term === "dumb") return this.text.slice(from);
    const screen = new ShownScreen(80, 24);
    // Deno draws a bar of its own while it reads a program.
    const written = this.text.slice(this.text.indexOf(CLEAR));
    // The last sequence may not have come whole.
    screen.write(written.replace(/\x1b(\[[0-9;]*)?$/, ""));
    return screen.lines.join("\n");
  }
}

/** What was answered, as the program prints it. */
function answersIn(text: string) {
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
}

for (const term of ["vt100", "linux", "dumb"]) {
  Deno.test({
    ...named(
      `on ${term} every question is answered, wrongly first, and the terminal is as before`,
      missing,
    ),
    async fn() {
      using home = tempDir();
      await using pty = new Questions(home.path, { term });
      await pty.sees(60, /your keyboard\?/);
      await pty.typing("nosuch\r", /Nothing in the list/);
      await pty.typing("\x15de\r", /Which language/);
      // Escape alone is heard although nothing follows.
      await pty.typing("\x1b", /your keyboard\?/);
      await pty.typing("\r", /Which language/);
      await pty.typing("german\r", /clock stand/);
      await pty.typing("new york\r", /Who uses/);
      await pty.typing("\x15root\r", /not be "root"/);
      await pty.typing("\x15ada\r\x15desk\r", /password of ada/);
      await pty.typing("hunter2\rhunter3\r", /must be the same again/);
      assertNotMatch(pty.text, /hunter/);
      await pty.typing("\x15hunter2\r", /sda QEMU HARDDISK/);
      assertNotMatch(pty.text, /nvme0n1/);
      await pty.typing("again\r", /nvme0n1 Fast 1TB/);
      assertNotMatch(pty.text, /\x1b\[2J|\x07|\u202e|hunter/);
      await pty.typing("fast", /GPT.*windows.*lost/s);
      await pty.typing("\r", /be encrypted/);
      await pty.typing("\r", /Which passphrase/);
      await pty.typing("short\r", /must have 8 to 512/);
      await pty.typing(
        "\x15correct horse 7\r\x15correct horse 7\r",
        /choose what is to be answered/,
      );
      await pty.typing("\r", /WILL BE LOST/);
      // The first choice is no.
      await pty.typing("\r", /choose what is to be answered/);
      await pty.typing("\r", /WILL BE LOST/);
      pty.types("yes\r");
      await pty.sees(30, /end \d+, terminal \w+/);
      assertStringIncludes(pty.text, "end 0, terminal same");
      const { settings, ...wish } = answersIn(pty.text);
      assertEquals(wish, { disk: "S4EV", erase: true, passphrase: "correct horse 7" });
      const { passwordHash, ...open } = settings;
      assertMatch(passwordHash, /^\$6\$salt\$/);
      assertEquals(open, {
        ...{ hostname: "desk", username: "ada", keyboardLayout: "de", keyboardVariant: "de" },
        ...{ timezone: "America/New_York", lang: "de_DE.UTF-8" },
      });
    },
  });
}

Deno.test({
  ...named("what a file of answers says is not asked, and can be changed all the same", missing),
  async fn() {
    using home = tempDir();
    const answers = `${home.path}/answers.yaml`;
    Deno.writeTextFileSync(
      answers,
      "username: ada\nkeyboard-layout: us\nlang: de_AT\ntimezone: Europe/Berlin\ndisk: DISK1\n" +
        `password: { hash: $6$salt$${"x".repeat(86)} }\n`,
    );
    await using pty = new Questions(home.path, { answers: [answers] });
    await pty.sees(60, /be encrypted/);
    await pty.typing("no\r", /choose what is to be answered/);
    await pty.typing("time\r", /clock stand/);
    await pty.typing("paris\r", /choose what is to be answered/);
    await pty.typing("\r", /sda is empty/);
    pty.types("yes\r");
    await pty.sees(30, /end 0, terminal same/);
    const wish = answersIn(pty.text);
    assertEquals([wish.disk, wish.erase, wish.passphrase], ["DISK1", false, undefined]);
    assertEquals(wish.settings.passwordHash, `$6$salt$${"x".repeat(86)}`);
    assertEquals([wish.settings.timezone, wish.settings.lang], ["Europe/Paris", "de_AT"]);
  },
});

for (const [how, end] of [["Ctrl-C", "SIGINT"], ["SIGTERM", "SIGTERM"]] as const) {
  Deno.test({
    ...named(`${how} at a question leaves the terminal as it was`, missing),
    async fn() {
      using home = tempDir();
      await using pty = new Questions(home.path);
      await pty.sees(60, /your keyboard\?/);
      pty.text = "";
      if (how === "Ctrl-C") pty.types("\x03");
      else await ask(home.path);
      await pty.sees(30, /end \d+, terminal \w+/);
      assertMatch(
        pty.text,
        new RegExp(`error: Cannot go on: ${end} was received\\r\\nend 130, terminal same`),
      );
    },
  });
}

/** Sends SIGTERM to the program that asks, and to no other: its first argument is this test's own folder. */
async function ask(home: string): Promise<void> {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    const [, command] = words.split("\0");
    if (command === "run" && words.includes(`${home}/share`)) Deno.kill(Number(name), "SIGTERM");
  }
}

Deno.test({
  ...named("where nobody can be asked, the file of answers is pointed to", missing),
  async fn() {
    const { stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "cli/main.ts", "setup"],
      stdin: "null",
    }).output();
    assertEquals(code, 2);
    assertMatch(
      new TextDecoder().decode(stderr),
      /Cannot ask: there is no terminal.*\n.*--answers FILE/,
    );
  },
});
