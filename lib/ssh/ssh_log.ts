/** What an OpenSSH client says of its own failure. */
export type SshFailure =
  /** The key that it was shown is not the one that is known. */
  | "other-key"
  /** The other side did not take our key. */
  | "key-refused"
  | "no-answer"
  | "port-refused"
  | "no-way"
  | "closed"
  | "unknown";

/** The beginnings of ssh's lines, up to the first word that the other side chose. */
const MEANINGS: readonly (readonly [pattern: RegExp, SshFailure])[] = [
  [/^@{20}/, "other-key"],
  [/^No [A-Z0-9-]+ host key is known for /, "other-key"],
  [/^Host key verification failed\.$/, "other-key"],
  [/^[^\s:@]+@[^\s@]+: Permission denied \(/, "key-refused"],
  [/^ssh: connect to host \S+ port [0-9]+: Connection refused$/, "port-refused"],
  [/^ssh: connect to host \S+ port [0-9]+: .*timed out$/, "no-answer"],
  [/^Connection to \S+ port [0-9]+ timed out$/, "no-answer"],
  [/^Connection timed out during banner exchange$/, "no-answer"],
  [/^ssh: connect to host \S+ port [0-9]+: (No route to|Network is un|Host is un)/, "no-way"],
  [/^Received disconnect from /, "closed"],
  [/^(kex_exchange_identification|banner exchange|client_loop): /, "closed"],
  [/^(ssh_dispatch_run_fatal: )?Connection (reset|closed) by /, "closed"],
  [/^ssh_dispatch_run_fatal: /, "closed"],
];

/** What ssh warns of and goes on; nothing in it is the other side's. */
const WARNINGS = /^(\s*|Warning: .*|Load key ".*|no such identity: .*|\*\* .*)$/;

/**
 * Reads the log of an ssh that failed (`-E`). The other side has words in it too, such as its
 * reason to disconnect, with line feeds as it likes: the first line that is no warning decides, by
 * what stands before such words.
 *
 * @returns undefined where ssh found nothing wrong.
 */
export function failureInLog(log: string): SshFailure | undefined {
  const first = log.split(/\r?\n/).find((line) => !WARNINGS.test(line));
  if (first === undefined) return undefined;
  return MEANINGS.find(([pattern]) => pattern.test(first))?.[1] ?? "unknown";
}
