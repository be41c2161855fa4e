/** The first 32 bits of the fractional parts of roots of the first primes (FIPS 180-4). */
const [ROUNDS, START] = constants();

/**
 * SHA-256 of a few bytes (FIPS 180-4). The built-in one is faster from some KiB on, but a program
 * that hashes no more than that starts without Node's modules, the first of which takes as long to
 * load as all the rest.
 */
export function sha256(message: Uint8Array): Uint8Array {
  const blocks = message.length + 9 + 63 >>> 6;
  const padded = new Uint8Array(blocks << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const state = START.slice();
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    addBlock(state, words);
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

/** Written out: it runs too few times for a compiler to make calls and lists cheap. */
function addBlock(state: Int32Array, words: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15]!, y = words[i - 2]!;
    const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
    const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
    words[i] = words[i - 16]! + s0 + words[i - 7]! + s1 | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const t = h + s1 + (e & f ^ ~e & g) + ROUNDS[i]! + words[i]! | 0;
    const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
    h = g;
    g = f;
    f = e;
    e = d + t | 0;
    const u = t + s0 + (a & b ^ a & c ^ b & c) | 0;
    d = c;
    c = b;
    b = a;
    a = u;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function constants(): [Int32Array, Int32Array] {
  const rounds = new Int32Array(64), start = new Int32Array(8);
  const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32 | 0;
  for (let n = 2, found = 0; found < 64; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor <= n) continue;
    if (found < 8) start[found] = fraction(Math.sqrt(n));
    rounds[found++] = fraction(Math.cbrt(n));
  }
  return [rounds, start];
}
