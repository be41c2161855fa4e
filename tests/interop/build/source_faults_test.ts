import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { sourceSystem } from "../../support/build/source_system.ts";
import { unfinishedFiles } from "../../support/build/unfinished_files.ts";

const TEXT = "hello\n".repeat(1000);
const SHA256 = hexOf(digestOf(TEXT));

/** A server on loopback. */
function server(answer: (path: string, url: string) => Response) {
  let url = "";
  const running = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return answer(new URL(request.url).pathname, url);
  });
  url = `http://127.0.0.1:${running.addr.port}`;
  return { url, [Symbol.asyncDispose]: () => running.shutdown() };
}

const at = { kind: "unpack", source: "text", path: "/etc/text" };
const raw = (url: string, sha256 = SHA256) => ({ kind: "archive", url, sha256, format: "raw" });

Deno.test("a file from a URL is fetched once, locked with its URL, and taken offline after that", async () => {
  using p = sourceSystem();
  let asked = 0;
  await using s = server((path, url) =>
    path === "/old" ? Response.redirect(`${url}/text`) : (asked++, new Response(TEXT))
  );
  p.write({ text: raw(`${s.url}/old`) }, [at]);
  assertEquals((await p.build()).code, 0);
  const file = p.program.path("out/small-x86_64.lock.json");
  const lock = Deno.readTextFileSync(file);
  assertEquals(JSON.parse(lock).sources[1], {
    ...{ kind: "archive", name: "text", digest: `sha256:${SHA256}`, size: 6000 },
    url: `${s.url}/old`,
  });
  assertEquals((await p.build("--offline", "--frozen")).code, 0);
  assertEquals((await p.tree()).filter((line) => line.endsWith("/etc/text")), [
    "-0644 0 0 6000 source:text /etc/text",
  ]);
  // Another place of the same bytes is another lock, and nothing is fetched.
  p.write({ text: raw(`${s.url}/text`) }, [at]);
  const command = ["small.yaml", "--keys", "repository/keys", "--output", "out"];
  const { error } = await p.program.fails("lock", ...command, "--check");
  assertStringIncludes(error[0]!, 'it was made for another source "text"');
  const { code, err } = await p.program.run("lock", ...command);
  assertEquals(code, 0);
  assertStringIncludes(err, 'no longer fits the manifest; choosing source "text" anew');
  assertEquals(asked, 1);
  const [apk] = JSON.parse(Deno.readTextFileSync(file)).sources;
  assertEquals(apk, JSON.parse(lock).sources[0], "packages are not chosen anew");
  // A query is needed to fetch, and is nobody else's.
  p.write({ text: raw(`${s.url}/text?token=secret`) }, [at]);
  assertEquals((await p.build()).code, 0);
  assertStringIncludes(Deno.readTextFileSync(file), "/text?token=secret");
  const record = Deno.readTextFileSync(p.program.path("out/record.json"));
  assertEquals(JSON.parse(record).sources[0].url, `${s.url}/text`);
  // A source that nothing asks for any more goes.
  p.write({}, []);
  assertStringIncludes((await p.fails("--frozen")).error[0]!, "it has sources that nothing takes");
  assertEquals((await p.build()).code, 0);
  assertEquals(JSON.parse(Deno.readTextFileSync(file)).sources.length, 1);
});

Deno.test("a source that is not what the manifest says, or endless, is refused in one message", async () => {
  using p = sourceSystem();
  const endless = () =>
    new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(new Uint8Array(1 << 20)) });
  await using s = server((path, url) => {
    switch (path) {
      case "/other":
        return new Response("other");
      case "/loop":
        return Response.redirect(`${url}/loop`);
      case "/file":
        return new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } });
      case "/short":
        return new Response(TEXT.slice(1), { headers: { "content-length": "5999" } });
      case "/endless":
        return new Response(endless(), { headers: { "content-length": String(2 ** 40) } });
      default:
        return new Response("no", { status: 404 });
    }
  });
  const refused = async (path: string, format = "raw") => {
    p.write({ text: { ...raw(s.url + path), format } }, [at]);
    const { code, error } = await p.fails();
    assertEquals(code, 1);
    const [first, place] = error;
    assertMatch(place!, /^small\.yaml:1:\d+: sources\.text$/);
    return first!.replaceAll(s.url, "URL").replaceAll(SHA256, "SHA256");
  };
  const other = `has the digest sha256:${hexOf(digestOf("other"))}, not sha256:SHA256`;
  assertEquals(await refused("/other"), `error: Cannot use source "text": "URL/other" ${other}`);
  assertStringIncludes(await refused("/short"), 'Cannot use source "text"');
  assertStringIncludes(await refused("/loop"), "redirects more than 10 times");
  assertStringIncludes(await refused("/file"), 'it redirects to "file:///etc/passwd"');
  assertStringIncludes(
    await refused("/endless"),
    "has 1099511627776 bytes|more than".split("|")[1]!,
  );
  assertStringIncludes(await refused("/none"), "the server answers 404");
  assertEquals(unfinishedFiles(p.program.env.dir), []);
});

Deno.test("offline, all sources that are missing are named", async () => {
  using p = sourceSystem();
  await using s = server(() => new Response(TEXT));
  const stages = ["a", "b"].map((source) => ({ ...at, source, path: `/${source}` }));
  p.write({ a: raw(`${s.url}/a`), b: raw(`${s.url}/b`) }, stages);
  assertEquals((await p.build()).code, 0);
  Deno.removeSync(p.program.env.cacheDir, { recursive: true });
  Deno.removeSync(p.program.path("out/record.json"));
  const { error } = await p.fails("--offline", "--frozen");
  const text = error.join("\n");
  for (const name of ["a", "b"]) assertStringIncludes(text, `Cannot fetch "${s.url}/${name}"`);
});

Deno.test("rot of an archive in the store is mended, also of what was unpacked", async () => {
  using p = sourceSystem();
  await p.tool(["tar", "-czf", "../a.tar.gz", "tool-1.0"]);
  const stage = { kind: "unpack", source: "tool", path: "/opt" };
  p.write({ tool: p.archive("a.tar.gz", "tar") }, [stage]);
  assertEquals((await p.build()).code, 0);
  const image = p.program.path("out/small.tar");
  const good = hashFile(image);
  const blobs = `${p.program.env.cacheDir}/store/blobs/sha256`;
  const packed = hashFile(p.program.path("a.tar.gz")).replace("sha256:", "");
  const told: string[] = [];
  for (const [start, rest] of blobsIn(blobs)) {
    const path = `${blobs}/${start}/${rest}`;
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    Deno.chmodSync(path, 0o644);
    Deno.writeFileSync(path, bytes);
    Deno.removeSync(image);
    const { code, err } = await p.build();
    assertEquals([code, hashFile(image)], [0, good], err);
    told.push(...err.match(/source "tool" \(blob ".*\) was damaged in the store/) ?? []);
  }
  assertEquals(told.length, 1, told.join("\n"));
  // The archive itself is looked at once what was made of it is gone.
  const path = `${blobs}/${packed.slice(0, 2)}/${packed.slice(2)}`;
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, "rotten");
  for (const [start, rest] of blobsIn(blobs)) {
    if (start + rest !== packed) Deno.removeSync(`${blobs}/${start}/${rest}`);
  }
  Deno.removeSync(image);
  assertEquals([(await p.build()).code, hashFile(image)], [0, good]);
  assertEquals(hashFile(path), `sha256:${packed}`);
});

/** The blobs of a store, each as its folder and its name there. */
function blobsIn(folder: string): [string, string][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name: start }) =>
    [...Deno.readDirSync(`${folder}/${start}`)].map(({ name }): [string, string] => [start, name])
  ).sort();
}

Deno.test("what a manifest says wrongly of sources is told with its place", async () => {
  using p = sourceSystem();
  const source = raw("https://example.org/text");
  const fault = async (sources: Record<string, unknown>, stages: unknown[]) => {
    p.write(sources, stages);
    return (await p.fails()).error.join("\n");
  };
  assertMatch(
    await fault({ text: source }, [{ ...at, source: "texd" }]),
    /small\.yaml:1:\d+: stages\[1\]\.source: there is no source "texd"/,
  );
  assertMatch(
    await fault({ text: source }, []),
    /sources\.text: no stage takes the source "text"\n/,
  );
  for (
    const [change, message] of [
      [{ url: "ftp://x/y" }, /must be an http\(s\) URL/],
      [{ url: "https://user:secret@x/y" }, /must be an http\(s\) URL without a password/],
      [{ url: undefined }, /must have either url or file/],
      [{ file: "text" }, /must have either url or file/],
      [{ sha256: "00" }, /must be 64 hexadecimal digits/],
      [{ format: "rar" }, /sources\.text\.format/],
    ] as const
  ) assertMatch(await fault({ text: { ...source, ...change } }, [at]), message);
});

Deno.test("a manifest that extends another adds to its sources, and may replace one", async () => {
  using p = sourceSystem();
  p.program.write("old", "old");
  p.program.write("new", "new");
  p.write({ text: p.archive("old", "raw"), more: p.archive("old", "raw") }, [
    at,
    { ...at, source: "more", path: "/etc/more" },
  ], { name: "base" });
  Deno.renameSync(p.program.path("small.yaml"), p.program.path("base.yaml"));
  p.program.write(
    "small.yaml",
    JSON.stringify({
      ...{ name: "small", extends: "base.yaml" },
      sources: { text: p.archive("new", "raw") },
    }),
  );
  assertEquals((await p.build()).code, 0);
  const lock = JSON.parse(Deno.readTextFileSync(p.program.path("out/small-x86_64.lock.json")));
  const [, ...sources] = lock.sources;
  assertEquals(
    sources.map(({ name, digest }: { name: string; digest: string }) => [name, digest]),
    [
      ["text", digestOf("new")],
      ["more", digestOf("old")],
    ],
  );
});
