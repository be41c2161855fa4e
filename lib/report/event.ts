/** What long work tells while it runs. One value, three renderers: terminal, lines, JSON. */
export type Event =
  | {
    readonly type: "step";
    readonly id: string;
    readonly title: string;
    readonly total?: number;
    readonly unit?: "bytes" | "items";
    /** Its end is told only where it took long: what comes of it is told anyway. */
    readonly isBrief?: true;
  }
  | {
    readonly type: "progress";
    readonly id: string;
    readonly done: number;
    readonly total?: number;
  }
  | { readonly type: "done"; readonly id: string; readonly note?: string }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "info"; readonly message: string };

/** Where events go. */
export interface Reporter {
  report(event: Event): void;
}

/** A reporter that also tells of steps from which nothing is heard; to be ticked each second. */
export interface TickingReporter extends Reporter {
  tick(): void;
}

/** A reporter that tells nobody. */
export const silent: Reporter = { report() {} };
