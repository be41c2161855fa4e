import { words } from "./fields.ts";

/** The table of owners: users and groups, each by its number once; `checkTree` bounds it. */
export class Owners {
  readonly #numbers = new Map<number, number>();

  get count(): number {
    return this.#numbers.size;
  }

  /** The place of a user or a group in the table. */
  placeOf(id: number): number {
    const place = this.#numbers.get(id) ?? this.#numbers.size;
    this.#numbers.set(id, place);
    return place;
  }

  entries(): Uint8Array {
    return words([...this.#numbers.keys()]);
  }
}
