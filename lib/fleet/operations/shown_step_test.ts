import { assertEquals } from "@std/assert";
import { shownSteps } from "./shown_step.ts";
import type { Step } from "./step.ts";

const ROOT = ["doas"] as const;
const FILE = { path: "/etc/it", become: ROOT } as const;

/** What is shown of a step, but for a script's text. */
const shown = (step: Step) =>
  shownSteps([[{ host: { name: "web" }, title: "all", steps: [step] }]])
    .map(({ host, title, argv }) => [host, title, ...argv.filter((word) => !word.includes("\n"))]);

Deno.test("each kind of step is shown as the programs that are run for it", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const exec: Step = { kind: "exec", title: "do it", argv: ["doas", "it"], stdin: bytes };
  assertEquals(shown(exec), [["web", "do it", "doas", "it"]]);
  assertEquals(shown({ kind: "put", title: "store it", ...FILE, bytes, mode: 0o640 }), [
    ["web", "store it", "doas", "sh", "-c", "tower-put", "/etc/it", "640", "3"],
  ]);
  assertEquals(shown({ kind: "get", title: "fetch it", ...FILE, limit: 9, to: "/tmp/it" }), [
    ["web", "fetch it", "doas", "cat", "--", "/etc/it"],
  ]);
  assertEquals(
    shown({ kind: "reboot", title: "reboot", argv: ["doas", "reboot"], until: "asked" }),
    [["web", "reboot", "doas", "reboot"]],
  );
  const confirm = { title: "keep it", argv: ["confirm"] } as const;
  const unheard = { change: "", confirm: "" };
  assertEquals(
    shown({ kind: "commit", title: "load it", argv: ["load"], confirm, undo: 30, unheard }),
    [["web", "load it", "load"], ["web", "keep it", "confirm"]],
  );
});

Deno.test("a tunnel is shown with the steps in it, in the words of ssh", () => {
  const steps: Step[] = [{ kind: "exec", title: "do it", argv: ["it"] }];
  const forward = { kind: "forward", title: "open a way", listen: 4443, to: 8080, steps } as const;
  assertEquals(shown({ ...forward, at: "host" }), [
    ["web", "open a way", "forward", "-R", "4443:127.0.0.1:8080"],
    ["web", "do it", "it"],
  ]);
  assertEquals(shown({ ...forward, at: "client" })[0]!.slice(2), [
    "forward",
    "-L",
    "4443:127.0.0.1:8080",
  ]);
});
