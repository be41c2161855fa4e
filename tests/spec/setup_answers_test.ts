import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { readSetupAnswers } from "../../lib/setup/answers.ts";
import { tempFolder } from "../support/program/file_sink.ts";

/** Writes answers and the files beside them, and reads them. */
function answersOf(text: string, files: Readonly<Record<string, string>> = {}, mode = 0o600) {
  using folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    Deno.writeTextFileSync(join(folder.path, name), content, { mode });
  }
  const path = join(folder.path, "answers.yaml");
  Deno.writeTextFileSync(path, text);
  return readSetupAnswers(path, "salt");
}

/** Why answers are refused. */
function fault(...given: Parameters<typeof answersOf>): string {
  const error = assertThrows(() => answersOf(...given), TowerError);
  assertEquals(error.code, "usage");
  return error.message;
}

const PASSWORD = "password: { file: pw }\n";

Deno.test("the fewest answers are three; the rest is as usual", () => {
  const { disk, erase, settings, passphrase } = answersOf(
    `disk: QM1\nusername: ann\n${PASSWORD}`,
    { pw: "secret\n" },
  );
  const { passwordHash, ...others } = settings;
  assertMatch(passwordHash, /^\$6\$salt\$[./0-9A-Za-z]{86}$/);
  assertEquals([disk, erase, passphrase], ["QM1", false, undefined]);
  assertEquals(others, {
    ...{ hostname: "thinclient", username: "ann", keyboardLayout: "us", keyboardVariant: "us" },
    ...{ timezone: "UTC", lang: "en_US.UTF-8" },
  });
});

Deno.test("a hash stands for a password, and a passphrase keeps its blanks", () => {
  const hash = `$6$other$${"b".repeat(86)}`;
  const { settings, passphrase } = answersOf(
    `disk: /dev/disk/by-id/ata-X\nusername: ann\npassword: { hash: ${hash} }\n` +
      "encryption: { passphrase: { file: phrase } }\nkeyboard-layout: de\n",
    { phrase: " two  words \n" },
  );
  assertEquals([settings.passwordHash, settings.keyboardVariant], [hash, "de"]);
  assertEquals(passphrase, " two  words ");
});

Deno.test("all faults are told, with their lines", () => {
  const said = fault(
    "disk: /dev/sda\nusername: root\nerase: maybe\ntimezone: ../etc\nusernam: x\n" +
      "lang: en us\nhostname: -x\n",
  );
  for (
    const line of [
      /yaml:1:7: disk: must be a serial number, or a path below \/dev\/disk\/by-id/,
      /yaml:2:11: username: must have/,
      /yaml:3:8: erase: /,
      /yaml:4:11: timezone: must be a name/,
      /yaml:5:1: usernam: is not a known field; did you mean .*username/,
      /yaml:6:7: lang: must be/,
      /yaml:7:11: hostname: must have/,
      /password: is missing/,
    ]
  ) assertMatch(said, line);
});

Deno.test("answers are YAML, never run, and nothing secret is told", () => {
  const rest = "disk: QM1\nusername: ann\n";
  assertMatch(fault("USERNAME=$(id)\n"), /1 fault|faults/);
  for (
    const password of ["hunter2", "{ hash: hunter2 }", "[hunter2]", "{ file: pw, hash: hunter2 }"]
  ) {
    const said = fault(`${rest}password: ${password}\n`, { pw: "hunter2" });
    assertMatch(said, /3:\d+: password/);
    assertEquals(said.includes("hunter2"), false, said);
  }
  assertEquals(fault(`${rest}password: { hash: "hunter2\n`).includes("hunter2"), false);
});

Deno.test("a secret is one line of plain text that nobody else may read", () => {
  const text = `disk: QM1\nusername: ann\n${PASSWORD}`;
  assertStringIncludes(fault(text, { pw: "secret" }, 0o644), "others may read it");
  for (const secret of ["", "\n", "two\nlines\n", "b\u00e4d", "tab\there", "x".repeat(513)]) {
    const said = fault(text, { pw: secret });
    assertStringIncludes(said, "the password must have 1 to 512 characters");
    assertEquals(secret.length > 3 && said.includes(secret), false);
  }
  const encrypted = `${text}encryption: { passphrase: { file: phrase } }\n`;
  assertStringIncludes(fault(encrypted, { pw: "x", phrase: "short" }), "8 to 512");
  const missing = assertThrows(() => answersOf(text), TowerError);
  assertEquals(missing.code, "not-found");
});
