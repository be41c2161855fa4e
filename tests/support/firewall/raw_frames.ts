/** Functions of the C library (packet(7), if_nametoindex(3)); Deno has no sockets of this kind. */
const C = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
});
const AF_PACKET = 17;
const SOCK_RAW = 3;
/** All protocols, in network order. */
const ETH_P_ALL = 0x0300;
const MSG_DONTWAIT = 0x40;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;

/** Frames as they are on a cable, past every rule of the machine that sends or sees them. */
export class RawFrames implements Disposable {
  readonly #socket: number;
  readonly #buffer = new Uint8Array(65536);

  constructor(link: string) {
    this.#socket = C.symbols.socket(AF_PACKET, SOCK_RAW, ETH_P_ALL);
    const index = C.symbols.if_nametoindex(new TextEncoder().encode(`${link}\0`));
    const place = new DataView(new ArrayBuffer(20));
    place.setUint16(0, AF_PACKET, true);
    place.setUint16(2, ETH_P_ALL, true);
    place.setInt32(4, index, true);
    const bound = C.symbols.bind(this.#socket, new Uint8Array(place.buffer), 20);
    // What the machine itself says, such as an echo, has not come by the rules of another.
    const yes = Uint8Array.of(1, 0, 0, 0);
    const set = C.symbols.setsockopt(this.#socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, yes, 4);
    if (index === 0 || bound !== 0 || set !== 0) throw new Error(`${link} cannot be had raw`);
  }

  /** Whether the interface took it. */
  send(frame: Uint8Array<ArrayBuffer>): boolean {
    return C.symbols.send(this.#socket, frame, BigInt(frame.length), 0) >= 0n;
  }

  /** The next frame that came in, if there is one. */
  receive(): Uint8Array | undefined {
    const size = BigInt(this.#buffer.length);
    const length = Number(C.symbols.recv(this.#socket, this.#buffer, size, MSG_DONTWAIT));
    return length < 0 ? undefined : this.#buffer.subarray(0, length);
  }

  [Symbol.dispose](): void {
    C.symbols.close(this.#socket);
  }
}
