/** `exit`: ends the shell, or the subshell that runs it. */
export class ExitShell {
  constructor(readonly status: number) {}
}

/** `return`: ends a function. */
export class ReturnFunction {
  constructor(readonly status: number) {}
}

/** `break` and `continue`. */
export class BreakLoop {
  constructor(readonly levels: number, readonly goesOn: boolean) {}
}

/** Runs the rounds of a loop; `left` is told of each `break` and `continue`, which end with 0. */
export function runRounds<T>(rounds: Iterator<T>, body: (item: T) => void, left: () => void): void {
  for (let next = rounds.next(); !next.done; next = rounds.next()) {
    try {
      body(next.value);
    } catch (signal) {
      if (!(signal instanceof BreakLoop)) throw signal;
      left();
      if (signal.levels > 1) throw new BreakLoop(signal.levels - 1, signal.goesOn);
      if (!signal.goesOn) return;
    }
  }
}
