import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Ending, RunningProcess } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import {
  PackageTower,
  packageTowerMissing,
  REPOSITORY,
} from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = packageTowerMissing(runner);
const INDEX = "/0/x86_64/APKINDEX.tar.gz";

/** An `apk-tunnel` that is open. */
class OpenTunnel implements AsyncDisposable {
  private constructor(
    readonly child: RunningProcess,
    readonly port: number,
    readonly argv: readonly [string, ...string[]],
    private readonly errors: { readonly text: string },
  ) {}

  /** All that it has said beside its line. */
  get said(): string {
    return this.errors.text;
  }

  static async open(place: PackageTower): Promise<OpenTunnel> {
    const child = await place.start(runner, "apk-tunnel", "vault", "--json");
    const said = { text: "" };
    const draining = (async () => {
      for await (const part of child.stderr) said.text += new TextDecoder().decode(part);
    })();
    let line = "";
    for await (const part of child.stdout.values({ preventCancel: true })) {
      line += new TextDecoder().decode(part);
      if (line.endsWith("\n")) break;
    }
    void child.stdout.cancel();
    if (line === "") {
      await draining;
      throw new Error(said.text);
    }
    const { port, argv } = JSON.parse(line);
    return new OpenTunnel(child, port, argv, said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }

  async end(signal: Deno.Signal): Promise<Ending> {
    Deno.kill(this.child.pid, signal);
    return await this.child.ended;
  }
}

/** apk on the host, by hand. */
async function apkBy(place: PackageTower, { argv }: OpenTunnel, ...words: string[]) {
  const inside = place.vault.inside({
    argv: ["chroot", place.root, "/usr/bin/env", ...argv, ...words],
  });
  const okCodes = Array.from({ length: 100 }, (_, code) => code);
  const { ending, stdout, stderr } = await runner.run({ ...inside, okCodes });
  const out = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { code: ending.kind === "exited" ? ending.code : -1, out };
}

Deno.test({
  ...named("apk on an offline host works by hand while its tunnel is open", missing),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const sources = `${REPOSITORY}\n@other ${REPOSITORY}\n`;
    Deno.writeTextFileSync(join(place.root, "etc/apk/repositories"), sources);
    const untouched = await Untouched.since(place);
    const repository = (name: string) => join(place.repository, "x86_64", name);

    await t.step(
      "with the line that it prints, packages come verified when they are asked for",
      async () => {
        await using tunnel = await OpenTunnel.open(place);
        const { code, out } = await apkBy(place, tunnel, "add", "wget");
        assertEquals(code, 0, out);
        assertStringIncludes(out, "Installing wget (1.21.4-r0)");
        assertStringIncludes(tunnel.said, "vault asks for wget-1.21.4-r0");
        assert(!tunnel.said.includes("openssl"), tunnel.said);

        const tagged = await apkBy(place, tunnel, "add", "tzdata@other");
        assertEquals(tagged.code, 0, tagged.out);
        const name = "e2fsprogs-1.47.0-r5.apk", bytes = Deno.readFileSync(repository(name));
        const torn = bytes.slice();
        torn[torn.length >> 1]! ^= 1;
        Deno.writeFileSync(repository(name), torn);
        const refused = await apkBy(place, tunnel, "add", "e2fsprogs");
        assert(refused.code > 0, refused.out);
        assert(/vault does not get \/[01]\/x86_64\/e2fsprogs-1/.test(tunnel.said), tunnel.said);
        Deno.writeFileSync(repository(name), bytes);
        const again = await apkBy(place, tunnel, "add", "e2fsprogs");
        assertEquals(again.code, 0, again.out);
        assertEquals(await tunnel.end("SIGINT"), { kind: "exited", code: 130 });
        await untouched.require();
      },
    );
    await t.step("a line to the router that is lost is opened anew", async () => {
      await using tunnel = await OpenTunnel.open(place);
      const lines = place.forwardsOf();
      assertEquals(lines.length, 1);
      for (const pid of lines) Deno.kill(pid, "SIGKILL");
      for (let tries = 0;; tries++) {
        const { code, out } = await apkBy(place, tunnel, "add", "iw");
        if (code === 0) break;
        assert(tries < 30, out + tunnel.said);
      }
      assertStringIncludes(tunnel.said, "vault asks for iw-");
      assertEquals(await tunnel.end("SIGINT"), { kind: "exited", code: 130 });
      await untouched.require();
    });
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      await t.step(`${signal} ends it, and nothing is left`, async () => {
        await using tunnel = await OpenTunnel.open(place);
        assertEquals(await tunnel.end(signal), { kind: "exited", code: 130 });
        await untouched.require();
      });
    }
    await t.step("SIGKILL ends it, and nothing is left on the host", async () => {
      await using tunnel = await OpenTunnel.open(place);
      assert(!await untouched.holds());
      await tunnel.end("SIGKILL");
      await untouched.require();
    });
    await t.step("a line that is lost ends it", async () => {
      await using tunnel = await OpenTunnel.open(place);
      const listening = await place.vault.run("ss", "-Hltnp", `sport = :${tunnel.port}`);
      const [, pid] = /pid=(\d+)/.exec(listening) ?? [];
      Deno.kill(Number(pid), "SIGKILL");
      assertEquals(await tunnel.child.ended, { kind: "exited", code: 1 });
      assertStringIncludes(tunnel.said, 'Cannot go on with \\"vault\\": the tunnel to it is gone');
      await untouched.require();
    });
  },
});

Deno.test({
  ...named(
    "through a tunnel a host reaches the files of its repositories, and nothing else",
    missing,
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const untouched = await Untouched.since(place);
    await using tunnel = await OpenTunnel.open(place);
    const prober = join(import.meta.dirname!, "../../support/fleet/port_prober.ts");
    const probing = (...words: string[]) =>
      place.vault.inside({
        argv: [Deno.execPath(), "run", "-A", "--no-check", prober, String(tunnel.port), ...words],
      });
    const ask = async (...texts: string[]): Promise<string[]> => {
      const stdin = new TextEncoder().encode(JSON.stringify(texts));
      const { stdout } = await runner.run({ ...probing(), stdin }, { outputLimit: 64 << 20 });
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    const statuses = async (texts: readonly string[]) =>
      (await ask(...texts)).map((said) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1] ?? 0));
    const get = (path: string, ...fields: string[]) =>
      [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", ...fields, "", ""].join("\r\n");
    const onlyAnswer = (said: string) => {
      assertEquals(said.split("HTTP/1.1").length, 2, said.slice(0, 1000));
      return said;
    };

    await t.step("its files by GET, their sizes by HEAD", async () => {
      const index = Deno.readFileSync(join(place.repository, "x86_64/APKINDEX.tar.gz"));
      const [file = "", sizes = ""] = await ask(get(INDEX), get(INDEX).replace("GET", "HEAD"));
      const body = file.slice(file.indexOf("\r\n\r\n") + 4);
      assertEquals(Uint8Array.from(body, (c) => c.charCodeAt(0)), index);
      assertStringIncludes(sizes, `content-length: ${index.length}\r\n`);
      assert(sizes.endsWith("\r\n\r\n"));
    });
    await t.step("no other path, however it is written", async () => {
      const paths = [
        ...["/", "/0", "/0/", "/0/x86_64/", "/1/x86_64/APKINDEX.tar.gz", `/${INDEX}`, `${INDEX}/`],
        ...[
          `${INDEX}?x`,
          `${INDEX}#x`,
          "/0/x86_64/%41PKINDEX.tar.gz",
          "/0/x86_64/./APKINDEX.tar.gz",
        ],
        ...["/0/../0/x86_64/APKINDEX.tar.gz", "/../../../../etc/passwd", "/..%2f..%2fetc/passwd"],
        ...["/%2e%2e/%2e%2e/etc/passwd", "/0/x86_64/..;/x", "/0/x86_64/wget-1.21.4-r0.apk%00.txt"],
        ...["//192.0.2.1/alpine/x86_64/APKINDEX.tar.gz", "/alpine/x86_64/APKINDEX.tar.gz"],
        ...["/__proto__", "/constructor", "/0/aarch64/APKINDEX.tar.gz", "/0/x86_64/none-1-r0.apk"],
      ];
      assertEquals(await statuses(paths.map((path) => get(path))), paths.map(() => 404));
    });
    await t.step("no other host, port or method", async () => {
      const first = [
        ...["CONNECT 192.0.2.1:80 HTTP/1.1", "CONNECT 127.0.0.1:22 HTTP/1.1"],
        ...["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"].map((m) =>
          `${m} ${INDEX} HTTP/1.1`
        ),
      ];
      const heads = first.map((line) => `${line}\r\nHost: 192.0.2.1\r\n\r\n`);
      assertEquals(await statuses(heads), heads.map(() => 403));
      const absolute = [
        "http://192.0.2.1/",
        "https://192.0.2.1/",
        `http://127.0.0.1${INDEX}`,
        "ftp://a/",
      ];
      const targets = [...absolute, "*", "192.0.2.1:80"].map((target) => get(target));
      assertEquals(await statuses(targets), targets.map(() => 400));
      assertEquals(await statuses([get(INDEX).replace("127.0.0.1", "192.0.2.1")]), [200]);
    });
    await t.step("no request hides in another", async () => {
      const hidden = "GET /0/x86_64/none HTTP/1.1\r\nHost: a\r\n\r\n";
      const lengths = ["Content-Length: 0", `Content-Length: ${hidden.length}`];
      const smuggled = [
        get(INDEX, ...lengths),
        get(INDEX, "Transfer-Encoding: chunked", "Content-Length: 4"),
        get(INDEX, "Transfer-Encoding : chunked"),
        get(INDEX, "X: a\nTransfer-Encoding: chunked"),
        get(INDEX, " Transfer-Encoding: chunked"),
        get(INDEX, "Upgrade: h2c"),
        get(INDEX, "Expect: 100-continue"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ];
      for (const said of await ask(...smuggled.map((head) => head + hidden))) {
        assertStringIncludes(onlyAnswer(said), "HTTP/1.1 400 ");
      }
      const [said = ""] = await ask(get("/none") + get("/none") + get("/none"));
      assertStringIncludes(onlyAnswer(said), "HTTP/1.1 404 ");
    });
    await t.step("heads that are huge, broken off or no HTTP at all get nothing", async () => {
      const huge = [
        get(INDEX, `X: ${"a".repeat(1 << 20)}`),
        get(INDEX, ...Array(10_000).fill("X: a")),
        get(`/${"a".repeat(1 << 16)}`),
        "\0".repeat(1 << 16),
        "\x16\x03\x01".repeat(10_000),
      ];
      for (const said of await ask(...huge)) {
        assert(/^($|HTTP\/1\.1 4)/.test(said), said.slice(0, 80));
      }
      assertEquals(await statuses(["\r\n\r\n", `GET ${INDEX}\r\n\r\n`]), [400, 400]);
    });
    const busy = async (count: number, text: string) => {
      await using holder = runner.spawn(probing("hold", String(count), text));
      void holder.stderr.cancel();
      const reader = holder.stdout.getReader();
      assertEquals(new TextDecoder().decode((await reader.read()).value), "held\n");
      const open = [...Deno.readDirSync(`/proc/${tunnel.child.pid}/fd`)].length;
      assert(open < 200, `${open} files are open`);
      const { code, out } = await apkBy(place, tunnel, "add", "wget");
      assertEquals(code, 0, out);
      assertEquals((await apkBy(place, tunnel, "del", "wget")).code, 0);
      await reader.cancel();
    };
    await t.step(
      "a thousand connections that say half of a request do not keep apk waiting",
      async () => {
        await busy(1000, "GET /0/x86_64/APK");
      },
    );
    await t.step("nor do those that take nothing of a large package", async () => {
      await busy(100, get("/0/x86_64/wpa_supplicant-2.10-r9.apk"));
    });
    await t.step("nothing else of the world: no name, no address, no other port", async () => {
      const sockets = await place.vault.run("ss", "-Hltun");
      assertEquals(sockets.trim().split("\n").length, 1, sockets);
      assertStringIncludes(sockets, `127.0.0.1:${tunnel.port}`);
      const routes = await place.vault.run("ip", "route", "show", "table", "main");
      assertEquals(routes, "");
      for (
        const words of [["wget", "-T", "5", "-O-", "http://192.0.2.1/"], ["nslookup", "a.example"]]
      ) {
        const inside = place.vault.inside({
          argv: ["chroot", place.root, "/bin/busybox", ...words],
        });
        const { ending } = await runner.run({ ...inside, okCodes: [0, 1] });
        assertEquals(ending, { kind: "exited", code: 1 }, words.join(" "));
      }
    });
    assertEquals(await tunnel.end("SIGINT"), { kind: "exited", code: 130 });
    await untouched.require();
  },
});
