/**
 * Asks a router what an online host may ask it: names, the time, and whether its Tor proxy greets.
 * The arguments are the asking address, the router's, and names to look up; one line of JSON says
 * what came back.
 */
import dgram from "node:dgram";
import net from "node:net";

const PATIENCE = 15_000;

/** What the router answered; null where nothing came. */
export interface RouterAnswers {
  /** By name: addresses, none where the router knows or tells none. */
  readonly names: Readonly<Record<string, readonly string[] | null>>;
  /** The mode of its answer (RFC 5905: 4 is a server's). */
  readonly ntpMode: number | null;
  /** The first two bytes of its answer to a SOCKS 5 greeting (RFC 1928). */
  readonly socks: readonly number[] | null;
}

function datagram(from: string, to: string, port: number, bytes: Uint8Array) {
  return new Promise<Uint8Array | null>((resolve) => {
    const socket = dgram.createSocket("udp4");
    const end = (answer: Uint8Array | null) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), PATIENCE);
    socket.on("message", (answer: Uint8Array) => end(answer));
    socket.on("error", () => end(null));
    socket.bind(0, from, () => socket.send(bytes, port, to));
  });
}

/** A question for IPv4 addresses (RFC 1035, 4.1). */
function question(name: string): Uint8Array {
  const labels = name.split(".").flatMap((l) => [l.length, ...new TextEncoder().encode(l)]);
  return new Uint8Array([7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

/** Addresses in an answer whose names are all references to the question's. */
function addresses(answer: Uint8Array, asked: number): string[] {
  const count = answer[7]!;
  return Array.from(
    { length: count },
    (_, i) => answer.subarray(asked + i * 16 + 12, asked + i * 16 + 16),
  )
    .map((bytes) => bytes.join("."));
}

function greet(from: string, host: string): Promise<number[] | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: 9050, localAddress: from });
    const end = (answer: number[] | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), PATIENCE);
    socket.on("connect", () => socket.write(new Uint8Array([5, 1, 0])));
    socket.on("data", (bytes: Uint8Array) => end([...bytes.subarray(0, 2)]));
    socket.on("error", () => end(null));
  });
}

if (import.meta.main) {
  const [from = "", router = "", ...names] = Deno.args;
  const found = await Promise.all(names.map(async (name) => {
    const asked = question(name);
    const answer = await datagram(from, router, 53, asked);
    return [name, answer && addresses(answer, asked.length)] as const;
  }));
  const ntp = await datagram(from, router, 123, new Uint8Array(48).with(0, 0b00_100_011));
  const answers: RouterAnswers = {
    names: Object.fromEntries(found),
    ntpMode: ntp && ntp[0]! & 7,
    socks: await greet(from, router),
  };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(answers)}\n`));
}
