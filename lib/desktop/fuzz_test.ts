import { assert, assertEquals } from "@std/assert";
import { pngFile } from "../../tests/support/desktop/png_file.ts";
import { type RandomNumbers, randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { TowerError } from "../errors.ts";
import { parseDesktopEntry, stringOf, valueOf } from "./desktop_entry.ts";
import { formatExec, parseExec } from "./exec_line.ts";
import { menuFiles } from "./host_menu.ts";
import { pngIcon } from "./png_icon.ts";
import { programOf } from "./program.ts";
import { svgIcon } from "./svg_icon.ts";

const SEED = 0x70e7;
const encoder = new TextEncoder();
const pieces = [
  ...[
    "[Desktop Entry]\n",
    "Type=Application\n",
    "Name=",
    "Exec=",
    "Icon=",
    "\n",
    "=",
    "[",
    "]",
    ";",
  ],
  ...[
    "\\",
    "\\s",
    '"',
    "%f",
    "%c",
    "%%",
    "%",
    "$",
    "`",
    "'",
    " ",
    "a",
    "ü",
    "\u202e",
    "\0",
    "\x1b",
  ],
  ...["\nExec=x\n", "TryExec=y\n", "Name[de]=", "Categories=Game;", "Terminal=true\n", "../", "#"],
];

/** What a parser says of hostile bytes: a value, or that it does not take them. */
function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assert(error instanceof TowerError, String(error));
    return undefined;
  }
}

function changed(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  const copy = bytes.slice(random.below(4) === 0 ? random.below(bytes.length) : 0);
  for (let k = 1 + random.below(4); k > 0 && copy.length > 0; k--) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return copy;
}

Deno.test(`whatever an entry says, what is written is an entry of this host (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    const start = "[Desktop Entry]\nType=Application\nName=a\nExec=p ";
    const rest = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join("");
    const program = tried(() => programOf("x", parseDesktopEntry(encoder.encode(start + rest))));
    if (program === undefined) continue;
    taken++;
    const packages = [{ package: "p", programs: [program], icons: [] }];
    const host = { name: "vault" as never, env: {} };
    const [[path, bytes] = []] = menuFiles([{ host, packages }]);
    assertEquals(path, "applications/tower-vault.x.desktop");
    const written = parseDesktopEntry(bytes!);
    const words = parseExec(stringOf(written.get("Exec")!), "");
    assertEquals(words, ["tower", "run", "vault", "--", ...program.argv]);
    assert(stringOf(written.get("Name")!).startsWith("[vault] "));
    for (const key of written.keys()) {
      assert(
        /^(Type|Version|(Name|GenericName|Comment)(\[.*\])?|Icon|Exec|Terminal|StartupNotify|Categories|X-Tower-Host)$/
          .test(key),
        key,
      );
    }
    assert(!/[\x00-\x09\x0b-\x1f\x7f\u202e]/.test(new TextDecoder().decode(bytes)));
  }
  assert(taken > 500, `${taken}`);
});

Deno.test(`words of any kind come through Exec as they are (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  for (let i = 0; i < 3000; i++) {
    const words = Array.from({ length: random.below(6) }, () => {
      const codes = Array.from({ length: random.below(9) }, () => 0x20 + random.below(95));
      return String.fromCharCode(...codes);
    });
    assertEquals(parseExec(stringOf(valueOf(formatExec(["p", ...words]))), "n"), ["p", ...words]);
  }
});

Deno.test(`changed pictures are refused, or written as what is read as the same (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  const png = pngFile(16);
  const svg = encoder.encode(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g id="a" style="fill:#fff">' +
      "<path d=\"M1 2 3-4\"/><!-- x --></g><metadata><a:b/></metadata><mask id='m'/></svg>",
  );
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    const icon = tried(() => pngIcon(changed(png, random)));
    if (icon !== undefined) assertEquals(pngIcon(icon.bytes).bytes, icon.bytes);
    const drawn = tried(() => svgIcon(changed(svg, random)));
    if (drawn === undefined) continue;
    taken++;
    assertEquals(svgIcon(drawn), drawn);
  }
  assert(taken > 100, `${taken}`);
});
