/** How long a fetcher waits and how often it tries again. Times are in milliseconds. */
export interface Patience {
  /** Waits before each new try; as many tries as there are waits. */
  readonly waits: readonly number[];
  /** Longest time until the head of an answer is there. */
  readonly answer: number;
  /** Longest time without a byte. */
  readonly stall: number;
  /** Longest time without a byte over all tries. */
  readonly total: number;
  /** Time after which a user is told what is waited for. */
  readonly notice: number;
}

/** The patience of a user at a slow line. */
export const PATIENCE: Patience = {
  waits: [500, 1000, 2000, 4000],
  answer: 30_000,
  stall: 30_000,
  total: 120_000,
  notice: 3000,
};
