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
  const titles = (more: Partial<HostToMake>) =>
    Object.fromEntries(
      provisionSteps({ ...HOST, ...more }).map(({ kind, title }) => [kind, title]),
    );
  const shown = titles({});
  assertEquals(shown["write-image"], "write the image to /dev/sdb");
  assertEquals(shown["wait"], "wait until vault is up, 600 s at most");
  assertEquals(
    shown["write-settings"],
    "give it the user alice, a random password, time zone UTC, keyboard us (us-intl), language en_US",
  );
  assertEquals(titles({ waits: 0 })["wait"], "wait until vault is up");
});
