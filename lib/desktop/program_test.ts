import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { cleanText } from "./clean_text.ts";
import { parseDesktopEntry, stringOf, valueOf } from "./desktop_entry.ts";
import { formatExec, parseExec } from "./exec_line.ts";
import { isPlainName, programOf } from "./program.ts";

const program = (text: string, id = "pad") =>
  programOf(id, parseDesktopEntry(new TextEncoder().encode(text)));
const PAD = "[Desktop Entry]\nType=Application\nName=Pad\n";

Deno.test("of an entry name, comment, icon, categories, terminal and program are taken", () => {
  const text =
    `# a comment\n[Desktop Entry]\nType = Application\nName=Pad\nName[de]=Block \\\\ \\s\n` +
    "GenericName[de]=Texte\nComment=Edits\\ntext\nIcon=/usr/share/pixmaps/pad.png\nMimeType=text/plain;\n" +
    "Exec=pad --new %F\nTryExec=/bin/evil\nCategories=GTK;Utility;Video;\nTerminal=false\n" +
    "Actions=new;\nX-Evil=1\nDBusActivatable=true\n\n[Desktop Action new]\nExec=pad\nName=New\n";
  assertEquals(program(text), {
    id: "pad",
    texts: {
      "Name": "Pad",
      "Name[de]": "Block \\",
      "Comment": "Edits text",
    },
    icon: "pad",
    category: "Utility",
    terminal: false,
    argv: ["pad", "--new"],
  });
});

Deno.test("entries that are not for a menu are passed over", () => {
  for (const line of ["NoDisplay=true", "Hidden=1", "OnlyShowIn=GNOME;"]) {
    assertEquals(program(`${PAD}Exec=pad\n${line}\n`), undefined);
  }
  assertEquals(program("[Desktop Entry]\nType=Link\nName=x\nURL=http://x\n"), undefined);
});

Deno.test("files that the specification forbids are refused", () => {
  for (
    const text of [
      "",
      "Name=x\n",
      "[Other]\n[Desktop Entry]\n",
      `${PAD}Exec=pad\nName=Other\n`,
      `${PAD}Exec=pad\n[Desktop Entry]\nExec=evil\n`,
      `${PAD}Exec=pad\nno key\n`,
      `${PAD}Exec=pad\nTerminal=perhaps\n`,
      `${PAD}Comment=\\x\nExec=pad\n`,
      `${PAD}`,
      `[Desktop Entry]\nType=Application\nExec=pad\nName=\u202e\n`,
      "[Desktop Entry\n",
    ]
  ) assertThrows(() => program(text), TowerError, "Cannot read");
  const notText = Uint8Array.of(...new TextEncoder().encode(PAD), 0xff);
  assertThrows(() => parseDesktopEntry(notText), TowerError, "UTF-8");
  assertThrows(() => parseDesktopEntry(new Uint8Array(1 << 20)), TowerError, "bytes");
});

Deno.test("A2: a file's name that means something to a shell or a path names no program", () => {
  for (
    const name of ["a;reboot", "$(id)", "../../x", "a b", "-x", ".x", "", "x".repeat(101), "ü"]
  ) {
    assertEquals(isPlainName(name), false, name);
    assertThrows(() => program(`${PAD}Exec=pad\n`, name), TowerError);
  }
});

Deno.test("A4: Exec is read by its own rules: other keys do not count, and codes for files go", () => {
  const wordsOf = (line: string): readonly string[] | undefined =>
    program(`${PAD}TryExec=/bin/evil\n${line}\n`)?.argv;
  assertEquals(wordsOf("Exec = pad"), ["pad"]);
  assertEquals(wordsOf('Exec="/opt/p" "a b" %U --at=%f 100%% %c %k%i'), [
    ...["/opt/p", "a b", "--at=", "100%", "Pad", ""],
  ]);
  assertEquals(wordsOf(String.raw`Exec=sh -c "echo \\$HOME \\"x\\" \\\\\\\\ \\` + '`id\\\\`"'), [
    ...["sh", "-c", 'echo $HOME "x" \\\\ `id`'],
  ]);
  for (
    const value of [
      ...[
        "",
        "%f",
        "--help",
        "A=1 pad",
        "pad; reboot",
        "pad `id`",
        "pad $HOME",
        'pad "a',
        "pad 'a b'",
      ],
      ...['pad "%f"', "pad %x", "pad %", 'pad "a"b', "pad a\\nb", "pad ü", "(pad)"],
    ]
  ) assertThrows(() => wordsOf(`Exec=${value}`), TowerError, "Cannot read");
});

Deno.test("what is written as Exec and as a string is read as the same", () => {
  const words = ["a b", "", "%f", "100%", "`$\\\"'", "\\\\", "x=;&|<>~*?#()", "[a]", "--n=1"];
  assertEquals(parseExec(stringOf(valueOf(formatExec(["p", ...words]))), "n"), ["p", ...words]);
  for (const text of [" a ", "\\s", "\t", "a\nb\\", "  "]) {
    assertEquals(stringOf(valueOf(text)), text);
  }
});

Deno.test("texts have no characters that drive a terminal, turn it or hide in it", () => {
  const text = "a\x1b[31m\u202e\u200b\u{e0041}b\u0085\ud800\u2028c\n\td\x00\x7f\ufeff";
  assertEquals(cleanText(text, 99), "a[31mb c  d");
  assertEquals(cleanText(`x${"\u0300".repeat(50)}`, 99), `x${"\u0300".repeat(3)}`);
  assertEquals(cleanText("x".repeat(300), 10), `${"x".repeat(9)}…`);
});
