/**
 * A text of a host as it may be shown: without control characters, those that turn the direction of
 * writing, invisible ones and halves of pairs, in one line, and no longer than it may be.
 *
 * @param most characters
 */
export function cleanText(text: string, most: number): string {
  const plain = text.replace(/[\p{Zl}\p{Zp}\t\n\r]/gu, " ").replace(/\p{C}/gu, "").trim();
  // Marks that are piled up paint over the lines above and below.
  const characters = [...plain.replace(/(\p{M}{3})\p{M}+/gu, "$1")];
  return characters.length > most
    ? `${characters.slice(0, most - 1).join("")}…`
    : characters.join("");
}
