import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { testHost } from "../fleet/test_host.ts";
import { RecordingRunner } from "../proc/recording_runner.ts";
import { sharedTarget, sshSession, sshTarget } from "./ssh_session.ts";

const HOST = testHost("web");

Deno.test("a host is known by its name, whatever port or address it answers at", () => {
  const target = sshTarget({ folder: "/t" }, HOST, 7);
  assertEquals(target, {
    address: HOST.env.address,
    user: "tower",
    identityFile: "/t/hosts/web/id_ed25519",
    trust: { kind: "known", knownHostsFile: "/t/known_hosts", alias: "web" },
    connectTimeout: 7,
  });
  assertEquals(sshTarget({ folder: "/t" }, { ...HOST, port: 2222 }, 7), { ...target, port: 2222 });
});

Deno.test("a user's calls share a connection where the socket's path has room", () => {
  const shared = (length: number) =>
    sharedTarget({ folder: `/${"x".repeat(length - 1)}` }, HOST, 7).controlFolder;
  assertEquals(shared(40), `/${"x".repeat(39)}/control`);
  assertEquals(shared(41), undefined);
});

Deno.test("a host whose keys are not known is not called", async () => {
  const runner = new RecordingRunner({ ssh: {} });
  const session = sshSession({ ...HOST, hostKeys: [] }, {
    runner,
    paths: { folder: "/t" },
    signal: new AbortController().signal,
    connectTimeout: 7,
  });
  const error = await assertRejects(
    () => session.exec({ argv: ["true"], deadline: 1, outputLimit: 1 }),
    TowerError,
    'Cannot reach "web": its keys are not known',
  );
  assertEquals([error.code, runner.commands], ["untrusted", []]);
});
