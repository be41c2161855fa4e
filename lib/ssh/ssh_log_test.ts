import { assertEquals } from "@std/assert";
import { failureInLog } from "./ssh_log.ts";

const AT = "192.168.2.5 port 22";

Deno.test("ssh's own line decides what failed, and none means that nothing did", () => {
  const cases: [string, ReturnType<typeof failureInLog>][] = [
    ["", undefined],
    ["Warning: Permanently added 'x' (ED25519) to the list of known hosts.\r\n", undefined],
    [`${"@".repeat(59)}\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @`, "other-key"],
    ["No ED25519 host key is known for a and you have requested strict checking.\r\n", "other-key"],
    [
      'Load key "/x": Permission denied\r\na@192.168.2.5: Permission denied (publickey).',
      "key-refused",
    ],
    ['Load key "/x": Permission denied\r\n', undefined],
    [`ssh: connect to host ${AT}: Connection refused\r\n`, "port-refused"],
    [`ssh: connect to host ${AT}: Connection timed out\r\n`, "no-answer"],
    [`Connection to ${AT} timed out\r\n`, "no-answer"],
    [`ssh: connect to host ${AT}: No route to host\r\n`, "no-way"],
    ["kex_exchange_identification: read: Connection reset by peer\r\n", "closed"],
    [`Unable to negotiate with ${AT}: no matching key exchange method found.`, "unknown"],
  ];
  for (const [log, failure] of cases) assertEquals(failureInLog(log), failure, log);
});

Deno.test("what the other side has to say in ssh's log decides nothing", () => {
  const words = [
    "Host key verification failed.",
    "\nHost key verification failed.\r\n",
    `\r\n${"@".repeat(59)}\r\nREMOTE HOST IDENTIFICATION HAS CHANGED`,
    "\na@192.168.2.5: Permission denied (publickey).",
  ];
  for (const text of words) {
    assertEquals(failureInLog(`Received disconnect from ${AT}:11: ${text}\r\n`), "closed", text);
    assertEquals(
      failureInLog(`Unable to negotiate with ${AT}: no matching. Their offer: ${text}`),
      "unknown",
    );
  }
});
