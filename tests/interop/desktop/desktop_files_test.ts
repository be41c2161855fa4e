import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseDesktopEntry } from "../../../lib/desktop/desktop_entry.ts";
import { menuFiles } from "../../../lib/desktop/host_menu.ts";
import { pngIcon } from "../../../lib/desktop/png_icon.ts";
import { type Program, programOf } from "../../../lib/desktop/program.ts";
import { svgIcon } from "../../../lib/desktop/svg_icon.ts";
import { exists } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { pngFile } from "../../support/desktop/png_file.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const INSTALLED = "/usr/share/applications";
const program = (argv: Program["argv"], texts: Program["texts"]): Program => ({
  ...{
    id: `made.${argv.length}`,
    texts,
    icon: "made",
    category: "AudioVideo",
    terminal: true,
    argv,
  },
});
const MADE = [
  program(["a"], {
    "Name": "A",
    "Name[sr@latin]": "Б \\ ;",
    "Comment": "y",
    "Comment[de_AT]": "x",
  }),
  program(["sh", "-c", "echo \"$HOME\" `id` 100% \\ '' ~ > < | & ; * ? # ( )", ""], { Name: ";" }),
];

/** What this machine has installed, as far as it is for a menu. */
function installedPrograms(): Program[] {
  if (!exists(INSTALLED)) return [];
  return [...Deno.readDirSync(INSTALLED)].flatMap(({ name }) => {
    const id = /^(.+)\.desktop$/.exec(name)?.[1];
    if (id === undefined) return [];
    const found = programOf(id, parseDesktopEntry(Deno.readFileSync(join(INSTALLED, name))));
    return found === undefined ? [] : [found];
  });
}

Deno.test({
  ...named(
    "desktop-file-validate finds no error in entries, those of this machine's programs too",
    programsMissing(runner, "desktop-file-validate"),
  ),
  async fn() {
    using folder = tempFolder();
    const programs = [...MADE, ...installedPrograms()];
    const packages = [{ package: "p", programs, icons: [] }];
    const host = { name: "a-b" as never, env: { color: 31 } };
    const paths = [...menuFiles([{ host, packages }])].map(([path, bytes]) => {
      const place = join(folder.path, path.split("/").at(-1)!);
      Deno.writeFileSync(place, bytes);
      return place;
    });
    assert(paths.length >= 2);
    const { stdout } = await runner.run({ argv: ["desktop-file-validate", ...paths] });
    assert(!new TextDecoder().decode(stdout).includes("error"));
  },
});

Deno.test({
  ...named(
    "an SVG that was written anew is the same picture",
    programsMissing(runner, "rsvg-convert"),
  ),
  async fn() {
    const text = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
      width="48" height="48"><defs><linearGradient id="a"><stop style="stop-color:#f00"/>
      <stop offset="1" stop-color="blue"/></linearGradient><linearGradient id="b" xlink:href="#a"/>
      <clipPath id="c"><circle cx="24" cy="24" r="20"/></clipPath></defs><title>x</title>
      <g clip-path="url(#c)"><path d="M0 0h48v48h-48z" style="fill:url(#b);stroke:#000"/></g></svg>`;
    using folder = tempFolder();
    const bytes = new TextEncoder().encode(text);
    const drawn = async (name: string, svg: Uint8Array) => {
      const path = join(folder.path, name);
      Deno.writeFileSync(path, svg);
      return (await runner.run({ argv: ["rsvg-convert", path] })).stdout;
    };
    const [before, after] = [await drawn("a.svg", bytes), await drawn("b.svg", svgIcon(bytes))];
    assert(before.length > 500);
    assertEquals(after, before);
  },
});

Deno.test({
  ...named("a PNG that was written anew is read by others", programsMissing(runner, "file")),
  async fn() {
    using folder = tempFolder();
    const path = join(folder.path, "a.png");
    Deno.writeFileSync(path, pngIcon(pngFile(48)).bytes);
    const { stdout } = await runner.run({ argv: ["file", "--brief", path] });
    assertEquals(
      new TextDecoder().decode(stdout),
      "PNG image data, 48 x 48, 8-bit grayscale, non-interlaced\n",
    );
  },
});
