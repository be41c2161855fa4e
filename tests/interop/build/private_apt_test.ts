import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RecordingRunner } from "../../../lib/proc/recording_runner.ts";
import { TowerError } from "../../../lib/errors.ts";
import { openPrivateLists } from "../../../tasks/compile/private_apt.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const ROWS = ["bookworm", "bookworm-updates"].map((suite) =>
  `http://deb.example/debian ${suite} main`
);
const SECURITY = "http://deb.example/debian-security bookworm-security main";

/** An apt whose lists of these suites do not match their signature. */
function apt(folder: string, bad: readonly string[]): RecordingRunner {
  const update = () => {
    const sources = Deno.readTextFileSync(`${folder}/sources.list`);
    return bad.some((suite) => sources.includes(` ${suite} `))
      ? { code: 100, stderr: "E: Hash Sum mismatch\n" }
      : {};
  };
  return new RecordingRunner({
    "apt-config": {},
    "apt-get": ({ argv }) =>
      argv[1] === "update" ? update() : { stdout: [...ROWS, SECURITY, ""].join("\n") },
    "dpkg-deb": {},
  });
}

Deno.test("updates that do not match their signature are left out, said, and never used", async () => {
  using folder = tempFolder();
  const told: string[] = [];
  const options = { architecture: "armhf", folder: folder.path };
  const warn = (message: string) => void told.push(message);
  const sources = () => Deno.readTextFileSync(`${folder.path}/sources.list`);

  await openPrivateLists({ ...options, runner: apt(folder.path, []), warn });
  assertMatch(sources(), / bookworm-security /);
  assertEquals(told, []);

  const lagging = apt(folder.path, ["bookworm-security"]);
  await openPrivateLists({ ...options, runner: lagging, warn });
  assertEquals(sources().match(/ bookworm\S* /g), [" bookworm "]);
  assertEquals(told.length, 1);
  assertMatch(told[0]!, /^the packages for armhf are those of the release, .*Hash Sum mismatch/s);

  await assertRejects(
    () => openPrivateLists({ ...options, runner: apt(folder.path, ["bookworm"]), warn }),
    TowerError,
    "Hash Sum mismatch",
  );
  await assertRejects(() => openPrivateLists({ ...options, runner: lagging }), TowerError);
});
