/**
 * Talks to a port of its network's loopback. Of each word of standard input, a JSON list, it sends the
 * characters as bytes over a connection of its own, and prints what came back until that was closed, as
 * a JSON list of texts. With `hold N TEXT` it keeps N connections open that say a text and read nothing,
 * tells so by a line, and ends with its input.
 */
const [port, kind, count, text] = Deno.args;
const connect = () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) });

async function ask(text: string): Promise<string> {
  using connection = await connect();
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const buffer = new Uint8Array(64 << 10);
  let said = "";
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    for (let got; (got = await connection.read(buffer)) !== null;) {
      said += String.fromCharCode(...buffer.subarray(0, got));
    }
  } catch {
    // Closed before all was sent.
  }
  return said;
}

if (kind === "hold") {
  const kept: Deno.Conn[] = [];
  for (let i = 0; i < Number(count); i++) {
    try {
      const connection = await connect();
      kept.push(connection);
      await connection.write(new TextEncoder().encode(text));
    } catch {
      // Refused or closed, which is what is looked for.
    }
  }
  Deno.stdout.writeSync(new TextEncoder().encode("held\n"));
  await Deno.stdin.read(new Uint8Array(1));
  for (const connection of kept) connection.close();
} else {
  const texts: string[] = JSON.parse(await new Response(Deno.stdin.readable).text());
  const answers = await Promise.all(texts.map(ask));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(answers)));
}
