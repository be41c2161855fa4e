import { assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { sourceSystem } from "../support/build/source_system.ts";

const missing = programsMissing(denoRunner(), "tar", "e2fsck", "debugfs");

/** A system without packages: all that it has is from sources. */
function system(p: ReturnType<typeof sourceSystem>, from: object, change: object = {}) {
  p.program.write(
    "small.yaml",
    JSON.stringify({
      ...{ name: "small", arches: ["x86_64"] },
      sources: { tool: p.archive("tool.tar", "tar") },
      trees: { root: { from, stages: [] } },
      outputs: [{ kind: "tar", file: "small.tar" }],
      ...change,
    }),
  );
}
const build = ({ program }: ReturnType<typeof sourceSystem>) =>
  program.run("build", "small.yaml", "--output", "out");

Deno.test({
  ...named("a tree begins from an archive, with no package, repository or key", missing),
  async fn() {
    using p = sourceSystem();
    await p.tool(["tar", "--owner=7", "--group=8", "-cf", "../tool.tar", "tool-1.0"]);
    system(p, { source: "tool", folder: "tool-1.0", owner: "archive" });
    const { code, err } = await build(p);
    assertEquals(code, 0, err);
    const listed = await p.tool(["tar", "--numeric-owner", "-tvf", "../out/small.tar"]);
    const lines = new TextDecoder().decode(listed.stdout).trim().split("\n");
    const told = lines.map((line) => line.replace(/ +\d+ \d{4}-.*? [\d:]+ /, " "));
    assertEquals(told, [
      "drwxr-xr-x 7/8 bin/",
      "lrwxrwxrwx 7/8 bin/alias -> tool",
      "-rwxr-xr-x 7/8 bin/tool",
      "drwxr-xr-x 7/8 share/",
      "-rw-r--r-- 7/8 share/same",
      "hrw-r--r-- 7/8 share/text link to share/same",
    ]);
    const record = JSON.parse(Deno.readTextFileSync(p.program.path("out/record.json")));
    assertEquals(record.packages, []);
    assertEquals(record.sources.map(({ name }: { name: string }) => name), ["tool"]);
    assertEquals(record.epoch, 0);
    assertMatch((await p.program.run("verify", "out")).out, /small\.tar/);
    const plan = await p.program.run("plan", "small.yaml", "--output", "out");
    assertMatch(plan.out, /^stage {7}unpack: tool \(tar\) at \/$/m);
    assertMatch(plan.out, /^packages {4}0 packages/m);
  },
});

Deno.test({
  ...named("one disk has a system of packages and a tree of another system's artifact", missing),
  async fn() {
    using p = sourceSystem();
    Deno.mkdirSync(p.program.path("dist"));
    const files = [{ path: "/srv/part", contents: "of another system\n" }];
    const part = {
      ...{ name: "part", arches: ["x86_64"], repositories: [p.folder] },
      stages: [{ kind: "packages", world: ["hello"] }, { kind: "files", files }],
      outputs: [{ kind: "tar", file: "part.tar" }],
    };
    p.program.write("part.yaml", JSON.stringify(part));
    const partition = (name: string, content: object) => ({
      ...{ name, type: "linux", free: "1MiB", content: { kind: "ext4", folder: "/", ...content } },
    });
    p.write({ part: { kind: "build", system: "part.yaml", file: "part.tar", format: "tar" } }, [], {
      trees: { data: { from: { source: "part", folder: "srv" } } },
      outputs: [{
        ...{ kind: "disk", file: "small.img", table: "gpt" },
        partitions: [partition("root", {}), partition("data", { tree: "data" })],
      }],
    });
    const { code, err } = await p.build();
    assertEquals(code, 0, err);
    const { artifacts: [{ partitions }] } = JSON.parse(
      Deno.readTextFileSync(p.program.path("out/record.json")),
    );
    assertEquals(partitions.map(({ tree }: { tree?: string }) => tree), [undefined, "data"]);
    const at = `${p.program.path("out/small.img")}?offset=${partitions[1].offset}`;
    const { stdout } = await p.tool(["debugfs", "-R", "cat /part", at]);
    assertEquals(new TextDecoder().decode(stdout), "of another system\n");
  },
});

Deno.test({
  ...named("a beginning that a source cannot be is told where the manifest has it", missing),
  async fn() {
    using p = sourceSystem();
    await p.tool(["tar", "--mode=4755", "-cf", "../tool.tar", "tool-1.0"]);
    const fault = async (from: object, change: object = {}) => {
      system(p, from, change);
      const { error } = await p.program.fails("build", "small.yaml", "--output", "out");
      return error.join("\n");
    };
    assertMatch(
      await fault({ source: "tool" }),
      /^error: Cannot unpack "tool-1.0.*setuid.*\nsmall\.yaml:1:\d+: trees\.root\.from\.source\n/,
    );
    assertMatch(
      await fault({ source: "tool", setuid: true, folder: "none" }),
      /it has no folder "none"\nsmall\.yaml:1:\d+: trees\.root\.from\.folder$/,
    );
    const raw = { sources: { tool: p.archive("tool.tar", "raw") } };
    assertMatch(
      await fault({ source: "tool" }, raw),
      /^error: Cannot unpack source "tool": it is one file.*\nsmall\.yaml:1:\d+: trees\.root\.from\.source\n {2}hint: an archive says/,
    );
    assertMatch(
      await fault({ source: "tool" }, { trees: { root: { stages: [] } }, sources: {} }),
      /small\.yaml:1:\d+: stages: no tree has packages/,
    );
  },
});
