/** A TCP port of this machine's loopback that nobody has at this moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Whether an SSH server greets at a port of this machine's loopback within some milliseconds
 * (RFC 4253 §4.2). QEMU takes a connection to a forwarded port before anybody in the guest does.
 */
export async function sshGreets(port: number, milliseconds: number): Promise<boolean> {
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname: "127.0.0.1", port });
  } catch {
    return false;
  }
  using _connection = connection;
  const timer = setTimeout(() => connection.close(), milliseconds);
  try {
    const bytes = new Uint8Array(4);
    const n = await connection.read(bytes);
    return n === 4 && new TextDecoder().decode(bytes) === "SSH-";
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
