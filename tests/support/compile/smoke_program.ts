/**
 * What a compiled program has to be able to do on a bare system; each act prints one line of JSON.
 * It is compiled by the tests of packing and never by itself part of a program.
 */
import { readlinkSync } from "node:fs";

const acts: Readonly<Record<string, () => unknown>> = {
  /** What the kernel shows of this process. */
  self: () => ({
    exe: readlinkSync("/proc/self/exe"),
    execPath: Deno.execPath(),
    comm: Deno.readTextFileSync("/proc/self/comm").trim(),
    cmdline: Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1),
    files: Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return "gone";
      }
    }),
    environment: Deno.env.toObject(),
    deno: Deno.version.deno,
  }),
  /** What a child of this process has. */
  child: async () => {
    const script = "ls -l /proc/self/fd | sed -n 's/.*-> //p'; echo --; env; echo --; " +
      "cat /proc/self/maps; echo --; busybox | head -n 1";
    const { code, stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    const [files, environment, maps, busybox] = new TextDecoder().decode(stdout).split("--\n");
    return {
      code,
      files: files!.trim().split("\n"),
      environment: environment!.trim().split("\n"),
      hasGlibc: /libc\.so\.6|ld-linux|memfd/.test(maps!),
      busybox: busybox!.trim(),
    };
  },
  /** A server and a client of it, by address and by the name in /etc/hosts. */
  serve: async () => {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response("served"),
    );
    const texts: string[] = [];
    for (const host of ["127.0.0.1", "localhost"]) {
      texts.push(await (await fetch(`http://${host}:${server.addr.port}/`)).text());
    }
    await server.shutdown();
    return texts;
  },
  worker: () => askWorker(21),
  workerUsing: () => askWorker("using"),
  /** Each variable is used once, which a minifier may take for never again. */
  using: async () => {
    const said: string[] = [];
    const hold = (says: string) => ({
      use: () => said.push("used"),
      [Symbol.dispose]: () => void said.push(says),
      [Symbol.asyncDispose]: () => Promise.resolve(void said.push(says)),
    });
    const once = () => {
      using held = hold("closed");
      return held.use();
    };
    const later = async () => {
      await using held = hold("left");
      return await Promise.resolve(held.use());
    };
    once();
    await later();
    return said;
  },
  /** The program itself as a child. */
  again: async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["worker"] }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  },
  signal: async () => {
    const arrived = new Promise<string>((resolve) =>
      Deno.addSignalListener("SIGUSR1", () => resolve("SIGUSR1"))
    );
    // Deno takes a thread of its own to listen: until then the signal would end this process.
    while (!isCaught(10)) await new Promise((resolve) => setTimeout(resolve, 5));
    Deno.kill(Deno.pid, "SIGUSR1");
    return await arrived;
  },
  /** Each of these once walked into a wrong C library or a missing library of it. */
  runtime: () => {
    const deep = (): number => deep() + 1;
    let caught = "";
    try {
      deep();
    } catch (error) {
      caught = (error as Error).name;
    }
    return {
      caught,
      heap: new Array(100).fill(0).map(() => new Uint8Array(2 << 20).fill(1)).length,
      date: new Intl.DateTimeFormat("de", { dateStyle: "long", timeZone: "UTC" }).format(0),
      user: Deno.uid(),
    };
  },
};

async function askWorker(question: number | string): Promise<unknown> {
  const url = new URL("./smoke_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const answer = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(question);
  });
  worker.terminate();
  return answer;
}

/** Whether the kernel has a handler of ours for a signal (proc_pid_status(5)). */
function isCaught(signal: number): boolean {
  const status = Deno.readTextFileSync("/proc/self/status");
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)![1]}`);
  return (mask >> BigInt(signal - 1) & 1n) === 1n;
}

const [act = "self", file] = Deno.args;

async function main() {
  const line = JSON.stringify(await acts[act]!()) + "\n";
  if (file === undefined) Deno.stdout.writeSync(new TextEncoder().encode(line));
  else Deno.writeTextFileSync(file, line);
  Deno.exit(0);
}

/** Awaited by what loads it. */
export const ended = main();
