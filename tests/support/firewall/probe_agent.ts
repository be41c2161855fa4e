/**
 * Stands in one network namespace: listens on the ports of its first argument, and tries what
 * each line of its input asks for. Both are JSON; the types below say what.
 */
import dgram from "node:dgram";
import net from "node:net";

export interface AgentPorts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** One thing to try; `address` carries the zone of a link-local address. */
export type AgentProbe =
  & { readonly id: string; readonly address: string }
  & ({ readonly protocol: "tcp" | "udp"; readonly port: number } | { readonly protocol: "icmp" });

/** What a line asks for: probes that run side by side, or the ids of the datagrams that came. */
export type AgentRequest = { readonly probes: readonly AgentProbe[] } | { readonly arrived: true };

/** Per probe: it was answered, a TCP connection was refused, or nothing came. */
export type Outcome = "answered" | "refused" | "silent";
export type AgentReply = Readonly<Record<string, Outcome>> | readonly string[];

const PATIENCE = 1600;
/** A datagram may be lost while a neighbour is looked up. */
const RESENDS = [0, 400, 800];

const arrived: string[] = [];

function listen(ports: AgentPorts): Promise<unknown> {
  const tcp = ports.tcp.map((port) =>
    new Promise((resolve) => {
      const server = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.end();
      });
      server.listen(port, "::", () => resolve(undefined));
    })
  );
  // One socket per address: an answer comes from where the question went.
  const udp = Deno.networkInterfaces().filter(({ name }) => name !== "lo").flatMap((own) =>
    ports.udp.map((port) =>
      new Promise((resolve) => {
        const socket = dgram.createSocket(own.family === "IPv4" ? "udp4" : "udp6");
        socket.on("message", (text: { toString(): string }, { address, port }) => {
          arrived.push(text.toString());
          socket.send(text.toString(), port, address, () => {});
        });
        const zone = own.address.startsWith("fe80") ? `%${own.name}` : "";
        socket.bind(port, `${own.address}${zone}`, () => resolve(undefined));
      })
    )
  );
  return Promise.all([...tcp, ...udp]);
}

/** node:net would lose the zone of an address. */
async function connect(hostname: string, port: number): Promise<Outcome> {
  const late = new Promise<Outcome>((resolve) => setTimeout(() => resolve("silent"), PATIENCE));
  const attempt = Deno.connect({ hostname, port }).then((connection) => {
    connection.close();
    return "answered" as const;
  }, (error) => error instanceof Deno.errors.ConnectionRefused ? "refused" : "silent");
  return await Promise.race([attempt, late]);
}

function exchange(id: string, address: string, port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    let isOver = false;
    const end = (outcome: Outcome) => {
      if (isOver) return;
      isOver = true;
      socket.close();
      resolve(outcome);
    };
    socket.on("message", () => end("answered"));
    socket.on("error", () => {});
    for (const delay of RESENDS) {
      setTimeout(() => isOver || socket.send(id, port, address, () => {}), delay);
    }
    setTimeout(() => end("silent"), PATIENCE);
  });
}

/** A second echo of the same ping would belong to a known connection. */
async function ping(address: string): Promise<Outcome> {
  const { success } = await new Deno.Command("ping", {
    args: ["-n", "-q", "-c", "1", "-W", "1", address],
    stdout: "null",
    stderr: "null",
  }).output();
  return success ? "answered" : "silent";
}

function attempt(probe: AgentProbe): Promise<Outcome> {
  if (probe.protocol === "icmp") return ping(probe.address);
  return probe.protocol === "tcp"
    ? connect(probe.address, probe.port)
    : exchange(probe.id, probe.address, probe.port);
}

async function reply(request: AgentRequest): Promise<AgentReply> {
  if ("arrived" in request) return arrived.splice(0);
  const outcomes = request.probes.map(async (p) => [p.id, await attempt(p)] as const);
  return Object.fromEntries(await Promise.all(outcomes));
}

if (import.meta.main) {
  const say = (value: unknown) =>
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
  await listen(JSON.parse(Deno.args[0]!));
  say("ready");
  let rest = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    for (const line of lines) say(await reply(JSON.parse(line)));
  }
  Deno.exit(0);
}
