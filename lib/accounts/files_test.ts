import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import {
  formatGroup,
  formatPasswd,
  formatShadow,
  parseGroup,
  parsePasswd,
  parseShadow,
} from "./files.ts";

Deno.test("files that are parsed and formatted keep their bytes", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nftp:x:21:21::/var/lib/ftp:/sbin/nologin\n";
  const group = "root:x:0:root\nkvm:x:34:kvm,qemu\nusers:x:100:\n";
  const shadow = "root:*::0:::::\nklogd:!:20000:0:99999:7:::\n";
  assertEquals(formatPasswd(parsePasswd(passwd)), passwd);
  assertEquals(formatGroup(parseGroup(group)), group);
  assertEquals(formatShadow(parseShadow(shadow)), shadow);
});

Deno.test("an empty file holds nobody", () => {
  assertEquals(parsePasswd(""), []);
  assertEquals(formatShadow([]), "");
});

Deno.test("a broken line is refused with its number", () => {
  const good = "root:x:0:0:root:/root:/bin/sh\n";
  const cases: [string, string][] = [
    [`${good}a:x:1:1:::/bin/sh:more\n`, "line 2: it has 8 fields"],
    [`${good}\n`, "line 2: it has 1 fields"],
    [`${good}${good}`, 'line 2: "root" is there twice'],
    [`${good}a:x:-1:0:::\n`, 'line 2: "-1" is no id'],
    [`${good}a:x:4294967295:0:::\n`, "is no id"],
    [`${good}a:x:00:0:::\n`, '"00" is no id'],
    [`${good}a:x:1e3:0:::\n`, "is no id"],
    [`${good}+::::::\n`, "is no account name"],
    [`${good}-a:x:1:1:::\n`, "is no account name"],
    [`${good}123:x:1:1:::\n`, "is no account name"],
    [`${good}a:x:1:1:\x1b[2J::\n`, "line 2: it has control characters"],
    [`${good}a:x:1:1:::\r\n`, "control characters"],
  ];
  for (const [text, cause] of cases) {
    const error = assertThrows(() => parsePasswd(text), TowerError, cause);
    assertEquals(error.code, "malformed");
  }
  assertThrows(() => parseGroup("a:x:1:b,,c\n"), TowerError, "a member is no account name");
});

Deno.test("huge lines and files are refused before they are split", () => {
  const line = assertThrows(() => parsePasswd(`a:x:1:1:${"g".repeat(40000)}::\n`), TowerError);
  assertEquals(line.code, "limit");
  const file = assertThrows(() => parsePasswd(":".repeat(2 << 20)), TowerError);
  assertEquals(file.code, "limit");
});
