/** What comes from whoever sits at a terminal. */
export type Typed =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** Its window has another size. */
  | { readonly kind: "resized" }
  /** Nothing was typed for as long as was waited. */
  | { readonly kind: "quiet" }
  /** It hung up. */
  | { readonly kind: "ended" };

/** A terminal that hands over each key at once and shows none, until it is disposed. */
export interface Keys extends Disposable {
  /**
   * @param patience Milliseconds; without it, until something comes
   * @throws the reason of the program's signal
   */
  next(patience?: number): Promise<Typed>;
}
