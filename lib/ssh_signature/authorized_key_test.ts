import { assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "../bytes/bytes.ts";
import { authorizedKeyFault } from "./authorized_key.ts";
import { sshString } from "./wire.ts";

const line = (type: string, ...parts: (Uint8Array | string)[]) =>
  `${type} ${concat([type, ...parts].map(sshString)).toBase64()}`;
const ED25519 = line("ssh-ed25519", new Uint8Array(32).fill(7));
const rsa = (bytes: number) =>
  line("ssh-rsa", new Uint8Array([1, 0, 1]), new Uint8Array(bytes + 1).fill(255, 1));

/** Made by ssh-keygen for this test alone. */
const P384 =
  "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBHop1ALrj7hwFC32OyQaLhd3j2vQ25x7GhScQ8k/gBvBUsO8KNSvmobEVHpXckRQ2SWcCi8B58k9hVnEWSO05NWR4EgbHGDZmFAZ3M8/Kg3j/5u3v7lCIeqYYXGWX1WcmA==";

Deno.test("authorizedKeyFault() finds nothing wrong with the keys that sshd takes", () => {
  const token = new Uint8Array(32).fill(3);
  for (
    const good of [
      ED25519,
      `  ${ED25519}  ann at home `,
      `restrict,pty ${ED25519} ann`,
      `from="10.0.0.0/8,!10.1.1.1",command="echo \\"a, b\\"" ${ED25519}`,
      `environment="A=1",environment="B=2",no-X11-forwarding ${ED25519}`,
      `cert-authority,principals="ann" ${ED25519}`,
      `expiry-time="20300101",permitopen="[::1]:80",permitlisten="8080",tunnel="0" ${ED25519}`,
      rsa(128),
      rsa(512),
      line("sk-ssh-ed25519@openssh.com", token, "ssh:"),
    ]
  ) assertEquals(authorizedKeyFault(good), undefined, good);
});

Deno.test("authorizedKeyFault() says what is wrong with any other line", () => {
  const faults: readonly (readonly [string, string])[] = [
    ["ssh-ed25519 AAAA… me", "dots where a key belongs"],
    ["ssh-ed25519", "no key behind"],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", "not whole"],
    [ED25519.slice(0, -1), "not whole"],
    [ED25519.slice("ssh-ed25519 ".length), "no type of key"],
    ["", "no key"],
    [`# ${ED25519}`, "no key"],
    [ED25519.replace("ssh-ed25519", "ssh-rsa"), 'of type "ssh-ed25519"'],
    [line("ssh-ed25519", new Uint8Array(31)), "not 32 bytes"],
    [line("ssh-ed25519", new Uint8Array(32), "more"), "more bytes"],
    [line("sk-ssh-ed25519@openssh.com", new Uint8Array(32)), "not whole"],
    [rsa(127), "1016 bits"],
    [rsa(2049), "16392 bits"],
    [line("ssh-rsa", new Uint8Array([1, 0, 1]), new Uint8Array(256).fill(255)), "not positive"],
    [line("ssh-dss", "p"), "does not take"],
    [line("ssh-ed25519-cert-v01@openssh.com", "x"), "authority"],
    [
      line("ecdsa-sha2-nistp256", "nistp384", new Uint8Array(65)),
      'on the curve "nistp384" instead',
    ],
    [line("ecdsa-sha2-nistp256", "nistp256", new Uint8Array(65).fill(4)), "no point"],
    [line("ecdsa-sha2-nistp256", "nistp256", new Uint8Array([0])), "no point"],
    [`pyt ${ED25519}`, '"pyt", which sshd does not know'],
    [`command=echo ${ED25519}`, "end nowhere"],
    [`command="echo ${ED25519}`, "end nowhere"],
    [`command ${ED25519}`, "without a value"],
    [`pty="yes" ${ED25519}`, "with a value"],
    [`command="a",command="b" ${ED25519}`, '"command" twice'],
    [`from="a",from="b" ${ED25519}`, '"from" twice'],
    [`principals="a",principals="b" ${ED25519}`, '"principals" twice'],
    [`tunnel="1",tunnel="2" ${ED25519}`, '"tunnel" twice'],
    [P384.slice(0, -5), "not whole"],
    [line("ecdsa-sha2-nistp384", "nistp384"), "not whole: it ends too early"],
    [`expiry-time="tomorrow" ${ED25519}`, "expiry-time"],
    [`pty, no-pty ${ED25519}`, "end nowhere"],
    [`pty no-pty ${ED25519}`, "something other"],
  ];
  for (const [text, fault] of faults) {
    assertStringIncludes(authorizedKeyFault(text) ?? "nothing", fault, text);
  }
});

Deno.test("authorizedKeyFault() knows all options of sshd(8) without a value, and each one's opposite", () => {
  const flags = "agent-forwarding port-forwarding pty touch-required user-rc verify-required " +
    "X11-forwarding";
  const all = flags.split(" ").flatMap((flag) => [flag, `no-${flag}`]);
  for (const option of [...all, "cert-authority", "restrict"]) {
    assertEquals(authorizedKeyFault(`${option} ${ED25519}`), undefined, option);
    assertEquals(authorizedKeyFault(`restrict,${option} ${ED25519}`), undefined, option);
  }
});

Deno.test("authorizedKeyFault() takes a point of each curve, and options that may come twice", () => {
  for (const good of [P384, `${P384} a b`, `environment="A=1",environment="B=2" ${P384}`]) {
    assertEquals(authorizedKeyFault(good), undefined, good);
  }
});
