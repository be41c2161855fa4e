/** All that is done to make a host, in this order. Hosts that are made at once take each step together. */
export const PROVISION_KINDS = [
  "take-address",
  "open-medium",
  "make-keys",
  "write-settings",
  "zero",
  "write-image",
  "compare-image",
  "put-files",
  "give-identity",
  "compare-files",
  "put-in-force",
  "wait",
  "set-clock",
] as const;
export type ProvisionKind = (typeof PROVISION_KINDS)[number];

/** A step of making a host: shown by `--dry-run`, done by the handler of its kind. */
export interface ProvisionStep {
  readonly kind: ProvisionKind;
  readonly title: string;
}

/** What decides which steps a host takes, and how they are told. */
export interface HostToMake {
  readonly name: string;
  readonly isOffline: boolean;
  /** Its medium in words. */
  readonly medium: string;
  /** Whether all of the medium is to be zeroed first. */
  readonly isZeroed: boolean;
  readonly hasPassword: boolean;
  readonly locale: {
    readonly username: string;
    readonly timezone: string;
    readonly keyboardLayout: string;
    readonly keyboardVariant: string;
    readonly lang: string;
  };
  /** Seconds that it is waited for, 0 for ever; undefined where it is not. */
  readonly waits: number | undefined;
}

/** The steps that make a host. */
export function provisionSteps(host: HostToMake): ProvisionStep[] {
  const titles = titlesOf(host);
  return PROVISION_KINDS.flatMap((kind) => {
    const title = titles[kind];
    return title === undefined ? [] : [{ kind, title }];
  });
}

/** What is told of each step; undefined for one that this host does not take. */
function titlesOf(host: HostToMake): Record<ProvisionKind, string | undefined> {
  const { name, isOffline, medium, isZeroed, hasPassword, locale, waits } = host;
  const { username, timezone, keyboardLayout, keyboardVariant, lang } = locale;
  const keyboard = keyboardVariant === keyboardLayout
    ? keyboardLayout
    : `${keyboardLayout} (${keyboardVariant})`;
  return {
    "take-address": `take an address for ${name} in the ${
      isOffline ? "offline" : "online"
    } network`,
    "open-medium": `open ${medium}`,
    "make-keys": "make login key, host keys and disk key",
    "write-settings":
      `give it the user ${username}, ${hasPassword ? "the" : "a random"} password, ` +
      `time zone ${timezone}, keyboard ${keyboard}, language ${lang}`,
    "zero": isZeroed ? `write zeros over ${medium}` : undefined,
    "write-image": `write the image to ${medium}`,
    "compare-image": "read it back and compare",
    "put-files": "put tower.env and host keys on the boot partition",
    "give-identity": "give the card's file systems UUIDs of their own",
    "compare-files": "read tower.env and host keys back",
    "put-in-force": `put ${name} in force in ~/.local/tower`,
    "wait": waits === undefined
      ? undefined
      : `wait until ${name} is up${waits === 0 ? "" : `, ${waits} s at most`}`,
    "set-clock": waits !== undefined && isOffline
      ? "give it this machine's time, where its own is wrong"
      : undefined,
  };
}
