import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

/** A line in another encoding, and no line feed at the end. */
const OWN = Uint8Array.of(...new TextEncoder().encode("# caf"), 0xe9, 10, 0x23, 0x0d, 10, 0x23);

interface Case {
  readonly name: string;
  /** Puts it there; `path` is `~/.ssh/config`, `elsewhere` an empty folder. */
  put(path: string, elsewhere: string): void;
  /** Why it is left alone; undefined where it gets the line. */
  readonly cause?: string;
}

function file(path: string, mode: number): void {
  Deno.writeFileSync(path, OWN);
  Deno.chmodSync(path, mode);
}

const CASES: readonly Case[] = [
  { name: "of bytes that are no UTF-8", put: (path) => file(path, 0o644) },
  {
    name: "a link",
    put(path, elsewhere) {
      file(join(elsewhere, "real"), 0o640);
      Deno.symlinkSync(join(elsewhere, "real"), path);
    },
  },
  { name: "read-only", put: (path) => file(path, 0o444), cause: "it is read-only" },
  {
    name: "a link into a store",
    put(path, elsewhere) {
      file(join(elsewhere, "real"), 0o444);
      Deno.symlinkSync(join(elsewhere, "real"), path);
    },
    cause: "it is read-only",
  },
  { name: "a folder", put: (path) => Deno.mkdirSync(path), cause: "it is a folder" },
  {
    name: "a link to nothing",
    put: (path, elsewhere) => Deno.symlinkSync(join(elsewhere, "none"), path),
    cause: "it is a link to nothing",
  },
  {
    name: "in a folder that is none",
    put(path) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      Deno.removeSync(folder);
      Deno.writeTextFileSync(folder, "");
    },
    cause: "a part of the path is no folder",
  },
];

Deno.test({
  ...named(
    "~/.ssh/config keeps its bytes, mode and links; where it cannot be written, hosts are made",
    provisionMissing(),
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    for (const { name, put, cause } of CASES) {
      using elsewhere = tempFolder();
      using tower = new TowerProgram();
      const path = join(tower.env.home, ".ssh/config");
      Deno.mkdirSync(join(tower.env.home, ".ssh"), { mode: 0o700 });
      put(path, elsewhere.path);
      const look = () => [Deno.lstatSync(path).isSymlink, Deno.statSync(path).mode! & 0o777];
      const before = cause === undefined ? look() : [];
      const words = ["--device-file", join(folder.path, "card.img"), "--force"];
      const { code, err } = await tower.run(...offline("vault", image, ...words));
      assertEquals(code, 0, `${name}: ${err}`);
      const line = `Include ${tower.folder}/config`;
      if (cause === undefined) {
        assert(!err.includes("does not include"), `${name}: ${err}`);
        const head = new TextEncoder().encode(`${line}\n\n`);
        assertEquals(Deno.readFileSync(path), Uint8Array.of(...head, ...OWN), name);
        assertEquals(look(), before, name);
      } else {
        assertStringIncludes(err, cause, name);
        assertStringIncludes(
          err,
          `put this line first in it: ${line}`.replace(tower.env.dir, "DIR"),
        );
        const state = Deno.lstatSync(path.replace(/\/config$/, ""));
        if (state.isDirectory && cause === "it is read-only") {
          assertEquals(Deno.readFileSync(path), OWN, name);
        }
      }
      for (const command of ["list", "status", "doctor"]) {
        const { code, out, err } = await tower.run(command);
        assert(code === 0 || command === "doctor", `${name}: ${command}: ${err}`);
        if (command !== "doctor") continue;
        assertEquals(
          out.includes("does not include"),
          cause !== undefined,
          `${name}: ${out}${err}`,
        );
      }
      const gone = await tower.run("deprovision", "vault", "--no-confirm");
      assertEquals(gone.code, 0, `${name}: ${gone.err}`);
    }
  },
});
