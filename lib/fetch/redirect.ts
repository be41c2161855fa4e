/**
 * Where an answer's `Location` leads, or undefined where it must not be followed: from https to
 * http, out of HTTP, or nowhere.
 */
export function redirectTarget(from: URL, location: string): URL | undefined {
  const to = URL.parse(location, from);
  const isAllowed = to?.protocol === "https:" ||
    (to?.protocol === "http:" && from.protocol === "http:");
  return to !== null && isAllowed ? to : undefined;
}

/** Takes user and password out of a URL, as base64 for HTTP's Basic scheme (RFC 7617). */
export function takeCredentials(url: URL): string | undefined {
  const { username, password } = url;
  if (username === "" && password === "") return undefined;
  url.username = url.password = "";
  const text = `${decodePart(username)}:${decodePart(password)}`;
  return new TextEncoder().encode(text).toBase64();
}

/** A user may have meant a lone percent sign. */
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
