import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { addGroup, addToGroup, addUser, lock, setPassword } from "./accounts.ts";
import { type Accounts, formatGroup, formatPasswd, formatShadow } from "./files.ts";

const EMPTY: Accounts = { users: [], groups: [], shadow: [] };
const EPOCH = 20000 * 86400 + 5;
const USER = { gecos: "", home: "/", shell: "/bin/sh", epoch: EPOCH };

function filled(prefix: string, from: number, to: number): Accounts {
  let accounts = EMPTY;
  for (let gid = from; gid <= to; gid++) {
    accounts = addGroup(accounts, { name: `${prefix}${gid}`, system: true, gid });
  }
  return accounts;
}

Deno.test("a system group gets the lowest free id from 100, a normal one from 1000", () => {
  let accounts = addGroup(EMPTY, { name: "users", system: true, gid: 100 });
  accounts = addGroup(accounts, { name: "klogd", system: true });
  accounts = addGroup(accounts, { name: "people", system: false });
  assertEquals(formatGroup(accounts.groups), "users:x:100:\nklogd:x:101:\npeople:x:1000:\n");
});

Deno.test("a system user joins its group by name and has a locked password", () => {
  let accounts = addGroup(EMPTY, { name: "klogd", system: true, gid: 101 });
  accounts = addUser(accounts, {
    name: "klogd",
    system: true,
    group: "klogd",
    gecos: "klogd",
    home: "/dev/null",
    shell: "/sbin/nologin",
    epoch: EPOCH,
  });
  assertEquals(formatPasswd(accounts.users), "klogd:x:100:101:klogd:/dev/null:/sbin/nologin\n");
  assertEquals(formatGroup(accounts.groups), "klogd:x:101:klogd\n");
  assertEquals(formatShadow(accounts.shadow), "klogd:!:20000:0:99999:7:::\n");
});

Deno.test("a system user without a group falls to nogroup, which must be there", () => {
  assertThrows(
    () => addUser(EMPTY, { ...USER, name: "a", system: true }),
    TowerError,
    'Cannot find group "nogroup"',
  );
});

Deno.test("a normal user gets a group whose id is free as user id too", () => {
  const accounts = addUser(addGroup(EMPTY, { name: "taken", system: false }), {
    ...USER,
    name: "ann",
    system: false,
  });
  assertEquals(accounts.users[0]!.uid, 1001);
  assertEquals(accounts.users[0]!.gid, 1001);
  assertEquals(formatGroup(accounts.groups), "taken:x:1000:\nann:x:1001:\n");
});

Deno.test("names and ids that are taken are conflicts", () => {
  const accounts = addGroup(EMPTY, { name: "a", system: true, gid: 7 });
  for (
    const change of [
      () => addGroup(accounts, { name: "a", system: true }),
      () => addGroup(accounts, { name: "b", system: true, gid: 7 }),
      () => addUser(accounts, { ...USER, name: "a", system: false }),
    ]
  ) assertEquals(assertThrows(change, TowerError).code, "conflict");
});

Deno.test("running out of system ids is a limit, not an id of another range", () => {
  const error = assertThrows(
    () => addGroup(filled("g", 100, 999), { name: "late", system: true }),
    TowerError,
    "no id from 100 to 999 is free",
  );
  assertEquals(error.code, "limit");
});

Deno.test("a member is added once", () => {
  let accounts = addGroup(EMPTY, { name: "wheel", system: true, gid: 10 });
  accounts = addUser(accounts, { ...USER, name: "ann", system: false });
  accounts = addToGroup(accounts, "ann", "wheel");
  assertEquals(addToGroup(accounts, "ann", "wheel"), accounts);
  assertEquals(formatGroup(accounts.groups), "wheel:x:10:ann\nann:x:1000:\n");
  assertThrows(() => addToGroup(accounts, "bob", "wheel"), TowerError, 'user "bob"');
});

Deno.test("values that would break a line or inject one are refused", () => {
  const bad = ["a:b", "a\nroot2:x:0:0::/:/bin/sh", "a\0", "\x1b[2J"];
  for (const value of bad) {
    for (const field of ["gecos", "home", "shell"]) {
      const user = { ...USER, name: "ann", system: false, [field]: value };
      assertEquals(assertThrows(() => addUser(EMPTY, user), TowerError).code, "malformed");
    }
  }
  for (const name of ["", "-a", ".a", "a b", "a:b", "123", "a\n", "é", "a".repeat(33), "a$b"]) {
    const add = () => addGroup(EMPTY, { name, system: true });
    assertEquals(assertThrows(add, TowerError).code, "malformed", name);
  }
  for (const id of [-1, 1.5, NaN, 4294967295]) {
    const add = () => addGroup(EMPTY, { name: "a", system: true, gid: id });
    assertEquals(assertThrows(add, TowerError).code, "malformed");
  }
});

Deno.test("a password is a hash; locking keeps what was there", () => {
  let accounts = addUser(EMPTY, { ...USER, name: "ann", system: false });
  accounts = setPassword(accounts, "ann", "$6$salt$hash/.", EPOCH + 86400);
  assertEquals(formatShadow(accounts.shadow), "ann:$6$salt$hash/.:20001:0:99999:7:::\n");
  accounts = lock(lock(accounts, "ann", EPOCH), "ann", EPOCH);
  assertEquals(formatShadow(accounts.shadow), "ann:!$6$salt$hash/.:20001:0:99999:7:::\n");
  for (const hash of ["", "secret", "$6$a:b", "$6$a$b\n", "!x"]) {
    assertThrows(() => setPassword(accounts, "ann", hash, EPOCH), TowerError, "no crypt(5) hash");
  }
  assertThrows(() => setPassword(accounts, "bob", "*", EPOCH), TowerError, 'user "bob"');
});

Deno.test("a password set on day 0 does not ask for a new one", () => {
  const accounts = addUser(EMPTY, { ...USER, name: "ann", system: false, epoch: 0 });
  assertEquals(setPassword(accounts, "ann", "*", 0).shadow[0]!.lastChange, 1);
});
