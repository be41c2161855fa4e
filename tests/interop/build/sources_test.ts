import { assert, assertEquals } from "@std/assert";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { sourceSystem } from "../../support/build/source_system.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

const CPIO_INPUT = [
  "tool-1.0",
  "tool-1.0/bin",
  "tool-1.0/bin/tool",
  "tool-1.0/bin/alias",
  "tool-1.0/share",
  "tool-1.0/share/same",
  "tool-1.0/share/text",
].join("\n");
/** How each kind of archive is made by the tool that everybody has for it. */
const MAKERS: readonly (readonly [string, string, readonly [string, ...string[]]])[] = [
  ["a.tar", "tar", ["tar", "-cf", "../a.tar", "tool-1.0"]],
  ["a.pax", "tar", ["tar", "--format=posix", "-cf", "../a.pax", "./tool-1.0"]],
  ["a.tar.gz", "tar", ["tar", "-czf", "../a.tar.gz", "tool-1.0"]],
  ["a.tar.zst", "tar", ["tar", "--zstd", "-cf", "../a.tar.zst", "tool-1.0"]],
  ["a.tar.xz", "tar", ["tar", "-cJf", "../a.tar.xz", "tool-1.0"]],
  ["a.cpio", "cpio", ["cpio", "--quiet", "-o", "-H", "newc", "-O", "../a.cpio"]],
  ["a.crc", "cpio", ["cpio", "--quiet", "-o", "-H", "crc", "-O", "../a.crc"]],
  ["a.zip", "zip", ["zip", "-qry", "../a.zip", "tool-1.0"]],
  ["b.zip", "zip", ["zip", "-qry0", "../b.zip", "tool-1.0"]],
];

Deno.test("a file is named as from the manifest's folder, or from the root", async () => {
  using p = sourceSystem();
  p.program.write("sub/note", "a note\n");
  const note = p.archive("sub/note", "raw");
  for (const file of ["sub/note", p.program.path("sub/note")]) {
    p.write({ note: { ...note, file } }, [{ kind: "unpack", source: "note", path: "/note" }]);
    const { code, err } = await p.build();
    assertEquals(code, 0, err);
    assert((await p.tree()).includes("-0644 0 0 7 source:note /note"));
  }
});

for (const [file, format, argv] of MAKERS) {
  const missing = programsMissing(runner, argv[0], "tar", "xz", "zstd");
  Deno.test(
    named(`what ${argv[0]} packs as ${file} is unpacked into the image`, missing),
    async () => {
      using p = sourceSystem();
      await p.tool(argv, CPIO_INPUT);
      const stage = { kind: "unpack", source: "tool", folder: "tool-1.0", path: "/opt/tool" };
      p.write({ tool: p.archive(file, format) }, [stage]);
      const { code, err } = await p.build();
      assertEquals(code, 0, err);
      const lines = (await p.tree()).filter((line) => line.includes("opt"));
      // Zip knows no hard links.
      const links = lines.filter((line) => /\/opt\/tool\/share\/(same|text)/.test(line));
      assertEquals(links.length, 2);
      for (
        const line of [
          "d0755 0 0 - source:tool /opt",
          "-0755 0 0 20 source:tool /opt/tool/bin/tool",
          "l0777 0 0 - source:tool /opt/tool/bin/alias -> tool",
          "-0644 0 0 50000 source:tool /opt/tool/share/",
        ]
      ) assert(lines.some((l) => l.startsWith(line)), `${line}\n${lines.join("\n")}`);
      Deno.mkdirSync(p.program.path("unpacked"));
      const image = p.program.path("out/small.tar");
      await runner.run({
        argv: ["tar", "-xf", image, "--no-same-owner", "-C", p.program.path("unpacked"), "opt"],
      });
      for (const name of ["text", "same"]) {
        const text = Deno.readTextFileSync(p.program.path(`unpacked/opt/tool/share/${name}`));
        assert(text === "text\n".repeat(10_000), name);
      }
      const first = hashFile(p.program.path("out/small.tar"));
      Deno.removeSync(p.program.path("out"), { recursive: true });
      Deno.removeSync(p.program.env.cacheDir, { recursive: true });
      assertEquals((await p.build()).code, 0);
      assertEquals(hashFile(p.program.path("out/small.tar")), first);
    },
  );
}
