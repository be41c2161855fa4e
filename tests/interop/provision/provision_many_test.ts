import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const missing = provisionMissing();

Deno.test({
  ...named("several hosts are made in one call, each with its own options and medium", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const file = (name: string) => join(folder.path, `${name}.img`);
    using tower = new TowerProgram({ answers: ["no", "y"] });
    const answers = join(folder.path, "tower.yaml");
    Deno.writeTextFileSync(
      answers,
      `image: ${image}
timezone: Europe/Berlin
hosts:
  router: { wlan-ssid: Home, wlan-password: "the p4ssword", device-file: ${file("router")} }
  web: { online: true, color: red, device-file: ${file("web")} }
  vault: { offline: true, timezone: UTC, device-file: ${file("vault")} }
`,
    );
    const words = ["provision", "router", "web", "vault", "--answers", answers];
    const declined = await tower.run(...words);
    assertEquals(declined.code, 1);
    for (const name of ["router", "web", "vault"]) {
      assertStringIncludes(declined.err, `This will be done for ${name}:`);
      assertStringIncludes(declined.err, `write the image to new file ${file(name)}`);
    }
    assertEquals(declined.err.match(/^check the image: /gm)?.length, 1);
    assertEquals((await tower.run("list")).out, "No host found.\n");
    const { code, out, err } = await tower.run(...words);
    assertEquals(code, 0, err);
    assertEquals(err.match(/^(write the image|read it back): /gm)?.length, 2, err);
    for (const name of ["router", "web", "vault"]) assertStringIncludes(out, `${name} is made`);
    assert(!(out + err).includes("p4ssword"));
    const listed = JSON.parse((await tower.run("list", "--json")).out);
    assertEquals(
      listed.map((h: { name: string; ip: string; role: string }) => [h.name, h.ip]),
      [["router", "192.168.2.1"], ["vault", "192.168.3.200"], ["web", "192.168.2.200"]],
    );
    const verify = ["provision", "router", "web", "vault", "--verify-only", "--answers", answers];
    const verified = await tower.run(...verify);
    assertEquals(verified.code, 0, verified.err);
    const swapped = ["router", "web", "vault"].map(file).reverse()
      .flatMap((path) => ["--device-file", path]);
    assertEquals((await tower.run(...verify, ...swapped)).code, 1);
    const env = (name: string) =>
      Deno.readTextFileSync(join(tower.folder, "hosts", name, "tower.env"));
    assertStringIncludes(env("vault"), "TIMEZONE='UTC'");
    assertStringIncludes(env("router"), "TIMEZONE='Europe/Berlin'");
    assertStringIncludes(env("web"), "COLOR='31'");
    assert(/COLOR='(\d+)'/.exec(env("router"))![1] !== /COLOR='(\d+)'/.exec(env("vault"))![1]);
  },
});

Deno.test({
  ...named("one host that fails leaves the others whole, and the exit status is 3", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    // Nobody can make a file there.
    const files = [join(folder.path, "a.img"), "/proc/card.img", join(folder.path, "c.img")];
    const media = files.flatMap((path) => ["--device-file", path]);
    const [, , ...words] = offline("a", image, ...media);
    const { code, out, err } = await tower.run("provision", "a", "b", "c", ...words, "--json");
    assertEquals(code, 3, err);
    const [a, b, c] = JSON.parse(out);
    assertEquals([a.state, b.state, c.state], ["ready", "failed", "ready"]);
    assertStringIncludes(b.error.messages[0], 'Cannot write "/proc/card.img"');
    const listed = JSON.parse((await tower.run("list", "--json")).out);
    assertEquals(listed.map((h: { name: string }) => h.name), ["a", "c"]);
    for (const [name, i] of [["a", 0], ["c", 2]] as const) {
      const verify = ["provision", name, "--verify-only", "--device-file", files[i]!];
      assertEquals((await tower.run(...verify)).code, 0);
    }
    assertEquals([...Deno.readDirSync(join(tower.folder, "staging"))], []);
  },
});

Deno.test({
  ...named(
    "E6: hosts and media that cannot be paired are refused before anything is done",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const file = join(folder.path, "card.img");
    const [, , ...words] = offline("a", image);
    const run = (...args: string[]) => tower.run("provision", ...args, ...words);
    const cases: [string[], number, string][] = [
      [["a", "b", "--device-file", file], 2, "Cannot pair 1 of --device-file with 2 of hosts"],
      [["a", "--boot-device", "x", "--boot-device", "y"], 2, "Cannot pair 2 of --boot-device"],
      [["a", "a", "--device-file", file, "--device-file", "y"], 2, '"a" twice'],
      [["a", "b", "--device-file", file, "--device-file", file], 1, '"a" and "b" both to'],
      [["a", "b"], 2, "say one of --boot-device and --device-file"],
    ];
    for (const [args, expected, message] of cases) {
      const { code, err } = await run(...args);
      assertEquals([code, err.includes(message)], [expected, true], err);
    }
    assertEquals((await tower.run("list")).out, "No host found.\n");
  },
});
