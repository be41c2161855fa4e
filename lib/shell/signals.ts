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
