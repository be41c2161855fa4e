import { assert, assertEquals } from "@std/assert";
import { constants, deflateRawSync } from "node:zlib";
import { ownKey } from "../../../build/boot/own_key.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { removeTree } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { type BuildRecord, formatRecord } from "../../../lib/release/record.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { towerCommand } from "../../support/fleet/provisioning.ts";
import { towerArgv, towerVariables } from "../../support/fleet/tower_process.ts";

const runner = denoRunner();
/** Other work on the machine may make one try late, but hardly three. */
const TRIES = 3;
/** Milliseconds. */
const ANSWER = 1000;
/** Bytes that take many seconds to read, though a disk has none of them. */
const LONG = 16 * 2 ** 30;

/** How a test knows that a command is in its long part. */
interface Case {
  readonly program: "tower" | "tower-build";
  readonly args: readonly string[];
  /** The file that it has open then, or the one that is there then. */
  readonly until: { readonly open: string } | { readonly there: string };
}

const FLEET: readonly string[][] = [
  ["status"],
  ["status", "--json"],
  ["ssh", "vault"],
  ["ssh", "vault", "true"],
  ["run", "vault", "true"],
  ["cp", "vault:a", "."],
  ["poweroff", "vault"],
  ["reboot", "vault"],
  ["deprovision", "vault", "--no-confirm"],
];
const CASES: readonly Case[] = [
  { program: "tower-build", args: ["verify", "long"], until: { open: "long/a.img" } },
  { program: "tower-build", args: ["verify", "packed"], until: { open: "packed/a.img.gz" } },
  {
    program: "tower-build",
    args: ["sign", "packed", "--key", "key"],
    until: { open: "packed/a.img.gz" },
  },
  { program: "tower-build", args: ["diff", "long/a.img", "long"], until: { open: "long/a.img" } },
  ...[
    ["show-tree", "packed/a.img.gz"],
    ["extract", "packed/a.img.gz", "/", "--output", "out"],
    ["diff", "packed/a.img.gz", "long/a.img", "--contents"],
  ].map((args): Case => ({ program: "tower-build", args, until: { open: "packed/a.img.gz" } })),
  {
    program: "tower",
    args: ["provision", "new", "--offline", "--image", "long/a.img", "--device-file", "card.img"],
    until: { open: "long/a.img" },
  },
  ...FLEET.map((args): Case => ({ program: "tower", args, until: { there: "asked" } })),
];

/** A folder of a build with one artifact, which has as many zeros as take long. */
function putBuild(folder: string, file: string, bytes: Uint8Array, size: number): void {
  Deno.mkdirSync(folder);
  Deno.writeFileSync(`${folder}/${file}`, bytes);
  // What is hashed for minutes needs no digest that fits.
  if (size > bytes.length) Deno.truncateSync(`${folder}/${file}`, size);
  const digest = size > bytes.length ? digestOf("") : hashFile(`${folder}/${file}`);
  const record: BuildRecord = {
    ...{ version: 2, system: "a", arch: "x86_64", epoch: 1, packages: [], scripts: [] },
    ...{ plan: digestOf("plan"), lock: digestOf("lock"), companions: [] },
    builder: { name: "tower-build", version: "0" },
    artifacts: [{
      ...{ kind: "disk", file, mediaType: "application/vnd.efi.img", digest, size },
      ...file.endsWith(".gz") && { raw: { digest: digestOf("x"), size: LONG } },
    }],
  };
  Deno.writeTextFileSync(`${folder}/record.json`, formatRecord(record));
  const sums = `${hexOf(digest)}  ${file}\n${
    hexOf(hashFile(`${folder}/record.json`))
  }  record.json\n`;
  Deno.writeTextFileSync(`${folder}/SHA256SUMS`, sums);
}

/** A gzip file of LONG zeros, with no right end: nobody comes to it. */
function longGzip(): Uint8Array {
  const part = new Uint8Array(2 ** 26);
  // Flushed whole and not ended, deflate's output may stand beside itself (RFC 1951, 3.2.4).
  const block = deflateRawSync(part, { finishFlush: constants.Z_FULL_FLUSH });
  const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  return concat([header, ...Array.from({ length: LONG / part.length }, () => block)]);
}

/** A home with builds that take long, a tower of two hosts, and an ssh that never answers. */
function home() {
  // A short path: there are no sockets of ssh below a long one.
  const path = Deno.makeTempDirSync({ dir: "/tmp", prefix: "t-" });
  putBuild(`${path}/long`, "a.img", new Uint8Array(), LONG);
  const packed = longGzip();
  putBuild(`${path}/packed`, "a.img.gz", packed, packed.length);
  ownKey(`${path}/key`, "a test");
  for (const name of ["vault", "web"]) layHost(`${path}/.local/tower`, name);
  Deno.mkdirSync(`${path}/bin`);
  const hanging = `#!/bin/sh\n: > "${path}/asked"\nexec sleep 60\n`;
  for (const name of ["ssh", "scp"]) {
    Deno.writeTextFileSync(`${path}/bin/${name}`, hanging, { mode: 0o755 });
  }
  return { path, [Symbol.dispose]: () => removeTree(path) };
}

function hasOpen(pid: number, path: string): boolean {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].some(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/${pid}/fd/${name}`) === path;
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // it has ended
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Sends SIGINT once a command is in its long part; how it ends, and after how long. */
async function interrupt(home: string, { program, args, until }: Case) {
  const path = `${home}/${"open" in until ? until.open : until.there}`;
  if ("there" in until) await Deno.remove(path).catch(() => {});
  const command = program === "tower"
    ? towerCommand(home, ...args)
    : { argv: towerArgv(...args), variables: towerVariables(home) };
  await using child = runner.spawn({
    argv: command.argv,
    cwd: home,
    variables: { ...command.variables, PATH: `${home}/bin:${Deno.env.get("PATH")}` },
  });
  const text = (stream: ReadableStream<Uint8Array>) =>
    new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  let isOver = false;
  void child.ended.then(() => isOver = true);
  const isLong = () => "open" in until ? hasOpen(child.pid, path) : isThere(path);
  while (!isLong()) {
    if (isOver) throw new Error(`${args.join(" ")} ended before: ${(await said).join("")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sent = performance.now();
  child.kill("SIGINT");
  const ending = await child.ended;
  const time = performance.now() - sent;
  return { ending, time, err: (await said)[1] };
}

Deno.test("Ctrl-C ends commands that read, hash or ask hosts within a second, with 130 and a plain word", async (t) => {
  using place = home();
  for (const one of CASES) {
    await t.step(`${one.program} ${one.args.join(" ")}`, async () => {
      const times: number[] = [];
      while (times.length < TRIES) {
        const { ending, time, err } = await interrupt(place.path, one);
        assertEquals(ending, { kind: "exited", code: 130 }, err);
        assert(err.includes("Cannot go on: SIGINT was received"), err);
        assert(!err.includes("because"), err);
        times.push(time);
        if (time < ANSWER) return;
      }
      throw new Error(`each time it took longer than ${ANSWER} ms: ${times.map(Math.round)}`);
    });
  }
});
