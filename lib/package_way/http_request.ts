/** Most bytes of a request's head. */
export const HEAD_LIMIT = 8 << 10;

/** What a host asks for; `path` as it was written, nothing in it decoded. */
export interface AskedFile {
  readonly method: "GET" | "HEAD";
  readonly path: string;
}

/** What says that more comes behind the head, or that another protocol does. */
const REFUSED = /^(content-length|transfer-encoding|upgrade|expect|trailer)$/i;

/**
 * Reads the head of a request, up to its empty line: the one form that apk writes (RFC 9112, 3 and 5).
 * Nobody passes it on, so that nothing in it has to be understood but the path.
 *
 * @param head The lines, without the empty one; a character for each byte.
 * @returns a status where there is nothing to be answered: 400 no request of this form, 403 another
 * method.
 */
export function readRequest(head: string): AskedFile | 400 | 403 {
  const [first = "", ...fields] = head.split("\r\n");
  const [, method, path] = /^([A-Za-z]{1,20}) ([!-~]+) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || path === undefined) return 400;
  if (method !== "GET" && method !== "HEAD") return 403;
  if (!path.startsWith("/")) return 400;
  for (const field of fields) {
    const [, name] = /^([A-Za-z0-9-]+):[\t -~\x80-\xff]*$/.exec(field) ?? [];
    if (name === undefined || REFUSED.test(name)) return 400;
  }
  return { method, path };
}
