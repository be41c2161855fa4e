import type { AccountsSpec } from "../manifest/schema.ts";

type UserSpec = AccountsSpec["users"][number];

/**
 * Gives each user the password that it has by default: the one that a stage before gave it, so
 * that a manifest which only adds a key drops no hash; else none. A lock gives way to keys, which
 * sshd would refuse. To be called with the stages in their order.
 */
export function inheritedPasswords(): (spec: AccountsSpec) => AccountsSpec {
  const known = new Map<string, string>();
  const passwordOf = ({ name, password, authorizedKeys }: UserSpec): string => {
    const before = known.get(name) ?? "none";
    const chosen = password ?? (before === "locked" && authorizedKeys.length > 0 ? "none" : before);
    known.set(name, chosen);
    return chosen;
  };
  return (spec) => ({
    ...spec,
    users: spec.users.map((user) => ({ ...user, password: passwordOf(user) })),
  });
}
