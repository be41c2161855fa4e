import { printable } from "../errors.ts";

/** A URL or path as a message may show it: without credentials, which a query may hold as well. */
export function shownUrl(url: string): string {
  const shown = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1***@");
  return printable(/^https?:/i.test(url) ? shown.replace(/\?[^#]*/, "?***") : shown);
}
