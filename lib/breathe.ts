/**
 * Called often in long work: where it is time, others get their turn, such as a signal, which then
 * ends the work. Most calls cost next to nothing.
 *
 * @throws the signal's reason
 */
export type Breathe = () => Promise<void>;

/** For work that is short, or that nobody may end. */
export const inOneBreath: Breathe = () => Promise.resolve();

/** Pure work that stops often, so that whoever does it may breathe in between. */
export type Steps<T> = Generator<void, T>;

/** Does such work without a breath. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does such work with a breath after each step. @throws the signal's reason */
export async function inBreaths<T>(steps: Steps<T>, breathe: Breathe): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await breathe();
  }
}
