import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { checkPacked } from "../../../tasks/compile/check_packed.ts";
import { type Base, packed as packRuntime } from "../../../tasks/compile/product.ts";
import type { RuntimeKind } from "../../../tasks/compile/runtime.ts";
import { DENORT_START } from "../../../tasks/compile/start.ts";
import { BareRoot, type BareRun } from "../../support/compile/bare_root.ts";
import {
  bundleSmoke,
  COMPILE_TOOLS,
  compileSmoke,
  runtimesAtHand,
  smokeBase,
  tellOfDenort,
} from "../../support/compile/compiled_smoke.ts";

const runner = denoRunner();
const missing = [...COMPILE_TOOLS, "unshare", "strace", "script"].filter((tool) =>
  !runner.which(tool)
);
const skip = missing.length > 0
  ? `${missing.join(", ")} missing`
  : Deno.build.arch !== "x86_64"
  ? "needs an x86_64 machine"
  : Deno.uid() !== 0
  ? "needs root, for chroot and namespaces"
  : undefined;
tellOfDenort("the smoke program");
for (const kind of runtimesAtHand()) testsOf(kind);

function testsOf(kind: RuntimeKind): void {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `${kind}: ${name}` + (skip === undefined ? "" : ` (skipped: ${skip})`),
      ignore: skip !== undefined,
      // What all tests share is made by the first and stays.
      sanitizeResources: false,
      fn,
    });

  interface Subject {
    readonly base: Base;
    readonly packed: Uint8Array;
    readonly root: BareRoot;
    /** A folder with `smoke`, on this glibc machine. */
    readonly folder: string;
  }

  let shared: Promise<Subject> | undefined;

  function subject(): Promise<Subject> {
    return shared ??= (async () => {
      const base = await smokeBase(runner, "x86_64", kind);
      const packed = await compileSmoke(runner, base);
      const root = await BareRoot.open(runner);
      await root.install("smoke", packed);
      const folder = tempDir().path;
      await Deno.writeFile(join(folder, "smoke"), packed, { mode: 0o755 });
      globalThis.addEventListener("unload", () => {
        root[Symbol.dispose]();
        Deno.removeSync(folder, { recursive: true });
      });
      return { base, packed, root, folder };
    })();
  }

  test("without the C library inside, the runtime does not start there", async () => {
    const { base, root } = await subject();
    await root.install("plain", base.runtime.bytes);
    const { code, stderr } = await root.run({ argv: ["plain"], uid: 0, okCodes: [127] });
    assertEquals(code, 127);
    assertStringIncludes(stderr, "No such file or directory");
  });

  for (const uid of [0, 65534] as const) {
    for (const isHarsh of [false, true]) {
      const place = isHarsh ? "in a read-only root with noexec places" : "in a bare root";
      test(`user ${uid} ${place}: children, a server, workers, signals, itself again`, async () => {
        const { root } = await subject();
        const how = { uid, isHarsh, variables: POISON };
        assertEquals(await act(root, "serve", how), ["served", "served"]);
        assertEquals(await act(root, "worker", how), 42);
        assertEquals(await act(root, "again", how), 42);
        assertEquals(await act(root, "signal", how), "SIGUSR1");
        assertEquals(await act(root, "runtime", how), {
          caught: "RangeError",
          heap: 100,
          date: "1. Januar 1970",
          user: uid,
        });
        const child = await act(root, "child", how);
        assertEquals(child.code, 0);
        assertStringIncludes(child.busybox, "BusyBox");
      });
    }
  }

  test("a child has the standard files alone, the same environment and no glibc", async () => {
    const { root } = await subject();
    const variables = { ...POISON, MARK: "a b" };
    const child = await act(root, "child", { uid: 65534, variables });
    // Beside the standard files: the folder that ls lists, and pipes of what runs this test.
    const others = child.files.filter((f: string) => !/^(pipe:|\/dev\/null$|\/proc\/)/.test(f));
    assertEquals(others, []);
    assertEquals(child.hasGlibc, false);
    // What stands for Deno alone: no program of ours hands its own variables on.
    const environment = child.environment
      .filter((line: string) =>
        !/^(PWD|SHLVL|_|DENO_DIR|DENO_LOG|DENO_NO_UPDATE_CHECK)=/.test(line)
      );
    assertEquals(environment.sort(), [
      "LD_LIBRARY_PATH=/foo",
      "LD_PRELOAD=/lib/libz.so.1",
      "MARK=a b",
      "PATH=/usr/local/bin:/usr/bin:/bin",
    ]);
  });

  test("what `using` declares is closed, in the program and in its workers", async () => {
    const { root } = await subject();
    const how = { uid: 65534 } as const;
    assertEquals(await act(root, "using", how), ["used", "closed", "used", "left"]);
    assertEquals(await act(root, "workerUsing", how), ["used", "closed"]);
  });

  test("on a terminal the runtime says nothing of its own", async () => {
    const { folder } = await subject();
    const command = `${join(folder, "smoke")} worker`;
    const { stdout } = await runner.run({ argv: ["script", "-qec", command, "/dev/null"] });
    assertEquals(new TextDecoder().decode(stdout), "42\r\n");
  });

  test("a child has as many descriptors as a child of a plain deno", async () => {
    const { folder } = await subject();
    const source = fromFileUrl(new URL("../../support/compile/smoke_program.ts", import.meta.url));
    const commands = [[join(folder, "smoke")], [
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      source,
    ]];
    const [packed, plain] = await Promise.all(commands.map(async ([program, ...args]) => {
      const { stdout } = await runner.run({ argv: [program!, ...args, "child"] });
      return JSON.parse(new TextDecoder().decode(stdout)).files.length;
    }));
    assertEquals(packed, plain);
  });

  test("no variable of Deno's, Node's or npm's changes anything, nor does ~/.npmrc", async () => {
    const { root } = await subject();
    await Deno.mkdir(join(root.path, "home"), { recursive: true });
    await runner.run({ argv: ["mkfifo", join(root.path, "home/.npmrc")] });
    const variables = {
      HOME: "/home",
      DENO_DIR: "/home/deno",
      DENO_V8_FLAGS: "--no-such-flag",
      DENO_TRACE_PERMISSIONS: "1",
      DENO_CERT: "/none.pem",
      NODE_OPTIONS: "--require=/none.js",
      NODE_EXTRA_CA_CERTS: "/none.pem",
      NODE_V8_COVERAGE: "/home/coverage",
      NPM_CONFIG_REGISTRY: "none:",
      npm_config_registry: "none:",
      OTEL_DENO: "true",
      RUST_LOG: "trace",
      SSLKEYLOGFILE: "/home/keys",
      GLIBC_TUNABLES: "glibc.malloc.check=3",
      NO_COLOR: "1",
    };
    const { stdout, stderr } = await root.run({ argv: ["smoke", "self"], uid: 0, variables });
    assertEquals(stderr, "");
    const { environment } = JSON.parse(stdout);
    const own = Object.keys(environment).filter((name) => !name.startsWith("DENO_"));
    assertEquals(own.sort(), ["HOME", "NO_COLOR", "PATH"]);
    assertEquals(environment.HOME, "/home");
    assertEquals(environment.DENO_DIR, "/proc/none");
    assertEquals(await act(root, "worker", { uid: 0, variables }), 42);
    assertEquals(Array.from(Deno.readDirSync(join(root.path, "home")), (e) => e.name), [".npmrc"]);
  });

  test("the kernel shows the program under its own name, with no trace of its start", async () => {
    const { root, folder } = await subject();
    const there = await act(root, "self", { uid: 0, variables: POISON });
    assertEquals(there.exe, "/usr/local/bin/smoke");
    assertEquals(there.execPath, "/usr/local/bin/smoke");
    assertEquals(there.comm, "smoke");
    assertEquals(there.cmdline, ["smoke", "self"]);
    assertEquals(there.environment["LD_PRELOAD"], POISON.LD_PRELOAD);
    // The script that deno runs stays open, for this process alone.
    const held = there.files.filter((file: string) => file.includes("memfd"));
    assertEquals(held, kind === "deno" ? ["/memfd:script (deleted)"] : []);
    const here = await runner.run({ argv: [join(folder, "smoke"), "self"] });
    const shown = JSON.parse(new TextDecoder().decode(here.stdout));
    assertEquals(shown.exe, join(folder, "smoke"), "the same file runs on this glibc machine");
  });

  test("a program starts by any name: renamed, linked, relative, with no environment", async () => {
    const { root } = await subject();
    const script =
      `cd /usr/local/bin; ln -s smoke linked; ln smoke other; ./smoke self; linked self; ` +
      `cd ..; bin/other self; exec env -i /usr/local/bin/linked self`;
    const { stdout } = await root.run({ uid: 0, argv: ["sh", "-ec", script] });
    const shown = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(shown.map(({ comm }) => comm), ["smoke", "linked", "other", "linked"]);
    const real = ["smoke", "smoke", "other", "smoke"].map((name) => `/usr/local/bin/${name}`);
    assertEquals(shown.map(({ exe }) => exe), real);
    const own = Object.keys(shown[3].environment).filter((name) => !name.startsWith("DENO_"));
    assertEquals(own, []);
  });

  test("who starts it in a folder that was removed is told so, and nothing else", async () => {
    const { root } = await subject();
    const script = "mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; smoke self 2>&1 || echo $?";
    const { stdout } = await root.run({ uid: 65534, argv: ["sh", "-c", script] });
    assertEquals(
      stdout,
      "Cannot start: the current folder was removed: go to another by cd\n127\n",
    );
  });

  test("closed standard files and 32 descriptors are enough", async () => {
    const { root } = await subject();
    const script = `smoke worker /tmp/out 0<&- 1>&- 2>&-; cat /tmp/out; ulimit -n 32; smoke worker`;
    const { stdout } = await root.run({
      uid: 65534,
      isHarsh: true,
      argv: ["sh", "-ec", script],
    });
    assertEquals(stdout, "42\n42\n");
  });

  test("a start writes nothing to a disk and closes the libraries' files", async () => {
    const { folder } = await subject();
    const trace = join(folder, "trace");
    const argv = ["strace", "-f", "-y", "-o", trace, join(folder, "smoke"), "worker"] as const;
    await runner.run({ argv });
    const lines = (await Deno.readTextFile(trace)).split("\n");
    const calls = (name: string) => lines.filter((line) => line.includes(` ${name}(`));
    assertEquals(calls("execve").length, 1);
    const { libraries, hasScript } = checkPacked((await subject()).packed);
    assertEquals(calls("memfd_create").length, libraries.length + (hasScript ? 1 : 0));
    const written = /O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE/;
    const opened = [...calls("openat"), ...calls("open")].filter((line) => written.test(line));
    assertEquals(opened.filter((line) => !/"\/(dev|proc)\//.test(line)), []);
    // Deno tries to make its folder where nothing can be made.
    const changed = lines.filter((line) => / (mkdir|rename|unlink|link)[a-z0-9]*\(/.test(line));
    assertEquals(changed.filter((line) => !/\("\/proc["/]/.test(line)), []);
    assertEquals(lines.filter((line) => line.includes("/tmp/deno-compile")), [], "no code cache");
    const created = lines.findIndex((line) => line.includes(" epoll_create"));
    const lastUse = lines.findLastIndex((line) => / close\(\d+<\/memfd:(ld|lib)/.test(line));
    assert(
      lastUse > 0 && lastUse < created,
      "the libraries' files close before the program begins",
    );
  });

  test("packing changes the ELF header and appends; twice it gives the same bytes", async () => {
    const { base } = await subject();
    const once = packRuntime(base, DENORT_START);
    const sum = (bytes: Uint8Array) => hexOf(digestOf(bytes));
    assertEquals(sum(once), sum(packRuntime(base, DENORT_START)));
    const { bytes } = base.runtime;
    assertEquals(sum(once.subarray(64, bytes.length)), sum(bytes.subarray(64)), "only the header");
  });

  test("what the project's own Deno appends when it compiles leaves the packing whole", async () => {
    const { base, root, folder } = await subject();
    // deno has the same shape as its denort, and pays no heed to the data.
    const runtime = join(folder, "runtime"), out = join(folder, "out"), main = join(folder, "a.js");
    const packed = packRuntime({ ...base, runtime: { ...base.runtime, bytes: ownDeno() } });
    await Deno.writeFile(runtime, packed, { mode: 0o755 });
    await Deno.writeTextFile(main, "1");
    await runner.run({
      argv: [Deno.execPath(), "compile", "--quiet", "--no-config", "--output", out, main],
      variables: { DENORT_BIN: runtime },
    });
    const compiled = await Deno.readFile(out);
    assertEquals(checkPacked(packed).hasPayload, false);
    assertEquals(checkPacked(compiled).hasPayload, true);
    await root.install("compiled", compiled);
    const { stdout } = await root.run({ argv: ["compiled", "--version"], uid: 65534 });
    assertStringIncludes(stdout, `deno ${Deno.version.deno} `);
  });

  test("compiling twice, in two folders, gives the same bytes", async () => {
    const { base, packed } = await subject();
    const again = await compileSmoke(runner, base);
    assertEquals(again.length, packed.length);
    assert(again.every((byte, i) => byte === packed[i]));
    assertEquals(await bundleSmoke(runner), await bundleSmoke(runner));
    assertLess(packed.length, 105_000_000);
  });
}

const POISON = { LD_PRELOAD: "/lib/libz.so.1", LD_LIBRARY_PATH: "/foo" };

/** What an act of the smoke program printed. */
async function act(root: BareRoot, name: string, how: Omit<BareRun, "argv">) {
  const { stdout } = await root.run({ ...how, argv: ["smoke", name] });
  return JSON.parse(stdout);
}

function ownDeno(): Uint8Array {
  return Deno.readFileSync(Deno.execPath());
}
