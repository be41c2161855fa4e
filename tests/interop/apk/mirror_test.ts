import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { listDir } from "../../../lib/files/files.ts";
import { PATIENCE, type Patience } from "../../../lib/fetch/patience.ts";
import type { LabRepository } from "../../support/build/lab_repository.ts";
import { smallManifest, TestProgram } from "../../support/program/test_program.ts";
import { unfinishedFiles } from "../../support/build/unfinished_files.ts";

const SHORT: Patience = {
  ...PATIENCE,
  waits: [10, 10],
  answer: 200,
  stall: 200,
};
const BUILD = ["build", "small.yaml", "--keys", "repository/keys", "--output", "out"];
const LAB_HINT =
  '  hint: check the URL and the network; without a mirror, "--repository lab" builds ' +
  "from packages of this machine's distribution (deno task lab)";

/** A mirror on loopback: a function from path to answer. */
function mirror(answer: (path: string) => Response | Promise<Response>) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(new URL(request.url).pathname),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const serve = ({ folder }: LabRepository) => (path: string) =>
  new Response(Deno.readFileSync(`${folder}${path}`));

function prepared(patience = SHORT) {
  const program = new TestProgram({ patience });
  const repository = program.repository();
  return {
    program,
    repository,
    /** Lets the manifest name these mirrors. */
    use: (...urls: string[]) =>
      program.write(
        "small.yaml",
        JSON.stringify({ ...JSON.parse(smallManifest(urls[0]!)), repositories: urls }),
      ),
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

/** The error of a build, the mirror shown as `MIRROR`. */
async function failure(program: TestProgram, url: string, args = BUILD) {
  const { code, error } = await program.fails(...args);
  assertEquals(code, 1);
  assertEquals(unfinishedFiles(program.env.dir), []);
  return error.map((line) => line.replaceAll(url, "MIRROR"));
}

Deno.test("a mirror on loopback serves a build", async () => {
  using p = prepared();
  await using m = mirror(serve(p.repository));
  p.use(m.url);
  const { code, err } = await p.program.run(...BUILD);
  assertEquals(code, 0, err);
  const record = JSON.parse(Deno.readTextFileSync(p.program.path("out/record.json")));
  assertEquals(record.packages[0].repository, m.url);
});

Deno.test("a mirror that refuses the connection is told, with lab as the way without one", async () => {
  using p = prepared();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  p.use(url);
  const error = await failure(p.program, url);
  assertEquals(error.slice(0, 3), [
    'error: Cannot read repository "MIRROR" for x86_64',
    '  because: Cannot fetch "MIRROR/x86_64/APKINDEX.tar.gz": the connection failed',
    error[2]!,
  ]);
  assertMatch(error.join("\n"), /refused/);
  assertEquals(error.at(-1), LAB_HINT);
});

Deno.test("a mirror that has no such repository, or is broken, is told with its answer", async () => {
  for (const [status, text] of [[404, "Not Found"], [403, "Forbidden"], [503, ""]] as const) {
    using p = prepared();
    await using m = mirror(() => new Response(null, { status, statusText: text }));
    p.use(m.url);
    const error = await failure(p.program, m.url);
    assertEquals(error[0], 'error: Cannot read repository "MIRROR" for x86_64');
    assertMatch(
      error[1]!,
      new RegExp(`^ {2}because: Cannot fetch "MIRROR/.*": the server answers ${status}`),
    );
    assertEquals(error.at(-1), LAB_HINT);
  }
});

Deno.test("a mirror that says nothing, or stops in the middle, is given up in time", async () => {
  for (const begun of [false, true]) {
    using p = prepared();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connections: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of listener) {
        connections.push(connection);
        if (!begun) continue;
        await connection.write(
          new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"),
        );
      }
    })().catch(() => {});
    const url = `http://127.0.0.1:${listener.addr.port}`;
    p.use(url);
    const start = performance.now();
    const error = await failure(p.program, url);
    assertLess(performance.now() - start, 5000);
    assertEquals(error[0], 'error: Cannot read repository "MIRROR" for x86_64');
    assertEquals(error.at(-1), LAB_HINT);
    for (const connection of connections) connection.close();
    listener.close();
    await accepting;
  }
});

Deno.test("a mirror that hangs is told while it is waited for, and so is each new try", async () => {
  const patience = { ...SHORT, waits: [10, 10, 10, 10], total: 500, notice: 50 };
  using p = prepared(patience);
  const end = Promise.withResolvers<Response>();
  await using m = mirror(() => end.promise);
  p.use(m.url);
  const told = async (...more: string[]) => {
    const start = performance.now();
    const { code, err } = await p.program.run(...BUILD, ...more);
    assertEquals(code, 1);
    const time = performance.now() - start;
    return { time, lines: err.replaceAll(m.url, "MIRROR").split("\n") };
  };
  const { lines } = await told();
  const index = '"MIRROR/x86_64/APKINDEX.tar.gz"';
  assertEquals(lines.slice(0, 4), [
    `Waiting for ${index}, at most 0.2 s`,
    `Trying ${index} again in 0.0 s: no answer within 0.2 s`,
    `Waiting for ${index}, at most 0.2 s`,
    `Trying ${index} again in 0.0 s: no answer within 0.2 s`,
  ]);
  assertMatch(lines.join("\n"), /because: Cannot fetch .*: no answer within 0\.\d s\n/);
  patience.total = 60_000;
  patience.answer = 60_000;
  const { time } = await told("--timeout", "1");
  end.resolve(new Response());
  assertLess(time, 5000);
});

Deno.test("a package that the mirror lost, or gives half, ends the build without artifacts", async () => {
  using p = prepared();
  const broken = { path: "", how: "lost" as "lost" | "half" };
  const good = serve(p.repository);
  await using m = mirror((path) => {
    if (!path.startsWith(broken.path)) return good(path);
    return broken.how === "lost"
      ? new Response(null, { status: 404 })
      : new Response(Deno.readFileSync(`${p.repository.folder}${path}`).subarray(0, 500));
  });
  p.use(m.url);
  broken.path = "/x86_64/hello-2";
  for (const how of ["lost", "half"] as const) {
    broken.how = how;
    const error = await failure(p.program, m.url);
    assertMatch(error.join("\n"), /hello-2\.1-r3/);
  }
});

Deno.test("one bad mirror among several fails the build: nothing falls back silently", async () => {
  using p = prepared();
  await using good = mirror(serve(p.repository));
  await using bad = mirror(() => new Response(null, { status: 404 }));
  p.use(good.url, bad.url);
  const error = await failure(p.program, bad.url);
  assertEquals(error[0], 'error: Cannot read repository "MIRROR" for x86_64');
});

Deno.test("a password in a mirror's URL is in no message", async () => {
  using p = prepared();
  await using m = mirror(() => new Response(null, { status: 401 }));
  p.use(m.url.replace("http://", "http://user:hunter2@"));
  const { err } = await p.program.run(...BUILD);
  assertMatch(err, /Cannot read repository "http:\/\/\*\*\*@127\.0\.0\.1/);
  assertEquals(err.includes("hunter2"), false, err);
});

Deno.test("--offline lists every index that is missing, and every package", async () => {
  using p = prepared();
  await using m = mirror(serve(p.repository));
  p.use(m.url, `${m.url}/more`);
  const offline = [...BUILD, "--offline"];
  assertEquals(await failure(p.program, m.url, offline), [
    "error: Cannot choose packages offline: these indexes are needed",
    "  MIRROR/x86_64/APKINDEX.tar.gz",
    "  MIRROR/more/x86_64/APKINDEX.tar.gz",
    "  hint: run the command once without --offline, or give a lock that fits with --lock",
  ]);
  p.use(m.url);
  assertEquals((await p.program.run("lock", ...BUILD.slice(1))).code, 0);
  assertEquals((await p.program.run(...offline)).code, 0);
  Deno.removeSync(p.program.env.cacheDir, { recursive: true });
  Deno.removeSync(p.program.path("out/small.tar"));
  assertEquals(await failure(p.program, m.url, offline), [
    "error: Cannot load 4 packages: they are not in the store",
    ...["base-1.0-r0", "greet-1.0-r0", "hello-2.1-r3", "hello-openrc-1.0-r0"].map((name) =>
      `  ${name} from "MIRROR/x86_64/${name}.apk"`
    ),
    "  hint: Run the command once without --offline",
  ]);
  assertEquals(listDir(p.program.path("out")).includes("small.tar"), false);
});
