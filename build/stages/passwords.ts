/** As much of an accounts stage as says who has which password. */
interface Passwords {
  readonly users: readonly {
    readonly name: string;
    readonly password?: string | undefined;
    readonly authorizedKeys: readonly string[];
  }[];
}

/**
 * Gives each user the password that it has by default: the one that a stage before gave it, so
 * that a manifest which only adds a key drops no hash; else none. A lock gives way to keys, which
 * sshd would refuse.
 *
 * @param earlier the stages before, with the passwords that they give
 */
export function inheritPasswords<Spec extends Passwords>(
  spec: Spec,
  earlier: readonly Passwords[],
): Spec {
  const known = new Map(
    earlier.flatMap(({ users }) => users.map((user) => [user.name, user.password ?? "none"])),
  );
  const users = spec.users.map((user) => {
    const before = known.get(user.name) ?? "none";
    const isOpened = before === "locked" && user.authorizedKeys.length > 0;
    return { ...user, password: user.password ?? (isOpened ? "none" : before) };
  });
  return { ...spec, users };
}
