import { assertEquals } from "@std/assert";
import { type HostToMake, PROVISION_KINDS, provisionSteps } from "./steps.ts";

const HOST: HostToMake = {
  name: "vault",
  isOffline: true,
  medium: "/dev/sdb",
  isZeroed: true,
  hasPassword: false,
  locale: {
    username: "alice",
    timezone: "UTC",
    keyboardLayout: "us",
    keyboardVariant: "us-intl",
    lang: "en_US",
  },
  waits: 600,
};
const kinds = (more: Partial<HostToMake>) =>
  provisionSteps({ ...HOST, ...more }).map(({ kind }) => kind);
const without = (...left: string[]) => PROVISION_KINDS.filter((kind) => !left.includes(kind));

Deno.test("a host takes the steps that it needs, in the order of all", () => {
  assertEquals(kinds({}), [...PROVISION_KINDS]);
  assertEquals(kinds({ isZeroed: false }), without("zero"));
  assertEquals(kinds({ isOffline: false }), without("set-clock"));
  assertEquals(kinds({ waits: undefined }), without("wait", "set-clock"));
});

Deno.test("a host is in force once all of its medium was read back, and waited for after that", () => {
  const at = (kind: typeof PROVISION_KINDS[number]) => PROVISION_KINDS.indexOf(kind);
  for (const kind of ["compare-image", "compare-files", "make-keys"] as const) {
    assertEquals(at(kind) < at("put-in-force"), true, kind);
  }
  assertEquals(at("write-image") < at("put-files"), true);
  assertEquals(at("give-identity") < at("compare-files"), true);
  assertEquals(PROVISION_KINDS.slice(at("put-in-force") + 1), ["wait", "set-clock"]);
});

Deno.test("a step tells what it is done with, and no password", () => {
  assertEquals(provisionSteps(HOST).map(({ kind, title }) => `${kind}: ${title}`), [
    "take-address: take an address for vault in the offline network",
    "open-medium: open /dev/sdb",
    "make-keys: make login key, host keys and disk key",
    "write-settings: give it the user alice, a random password, time zone UTC, " +
    "keyboard us (us-intl), language en_US",
    "zero: write zeros over /dev/sdb",
    "write-image: write the image to /dev/sdb",
    "compare-image: read it back and compare",
    "put-files: put tower.env and host keys on the boot partition",
    "give-identity: give the card's file systems UUIDs of their own",
    "compare-files: read tower.env and host keys back",
    "put-in-force: put vault in force in ~/.local/tower",
    "wait: wait until vault is up, 600 s at most",
    "set-clock: give it this machine's time, where its own is wrong",
  ]);
  const online = { ...HOST, isOffline: false, hasPassword: true, waits: 0 };
  const titles = provisionSteps(online).map(({ title }) => title);
  assertEquals(titles[0], "take an address for vault in the online network");
  assertEquals(titles[3]!.includes("the password"), true);
  assertEquals(titles.at(-1), "wait until vault is up");
});
