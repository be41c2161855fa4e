import { assertEquals } from "@std/assert";
import { isZoneName, layoutsIn, nearestName, nearestZone } from "./names.ts";

Deno.test("a time zone is a name of the database, aliases too, in its own letters", () => {
  const good = [
    ...["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5", "GMT", "US/Eastern"],
    ...["America/Port-au-Prince", "Asia/Kolkata", "Asia/Calcutta", "EST5EDT", "GB", "Etc/UTC"],
  ];
  const bad = [
    ...["Mars/Base", "europe/berlin", "Europe/berlin", "EUROPE/BERLIN", "us/eastern", "utc"],
    ...["Europe", "", "+05:00", "Europe/Berlin/", "Berlin", "GMT+1x"],
  ];
  for (const name of good) assertEquals(isZoneName(name), true, name);
  for (const name of bad) assertEquals(isZoneName(name), false, name);
});

Deno.test("a wrong name is answered with the one that was meant, or with none", () => {
  const meant: [string, string | undefined][] = [
    ["europe/berlin", "Europe/Berlin"],
    ["Europe/Berln", "Europe/Berlin"],
    ["Europe/Belrin", "Europe/Berlin"],
    ["America/New-York", "America/New_York"],
    ["Germany/Berlin", "Europe/Berlin"],
    ["utc", "UTC"],
    ["Mars/Base", undefined],
    ["x".repeat(100_000), undefined],
  ];
  for (const [name, zone] of meant) assertEquals(nearestZone(name), zone, name);
  assertEquals(nearestName("dee", ["de", "us"]), undefined);
  assertEquals(nearestName("latm", ["us", "latam"]), "latam");
  assertEquals(nearestName("US", ["de", "us"]), "us");
});

Deno.test("layoutsIn() reads X's list of layouts and nothing else of it", () => {
  const list = "! model\n  pc104 Generic\n\n! layout\n  us              English (US)\n" +
    "  latam           Spanish\n\n! variant\n  chr  us: Cherokee\n";
  assertEquals(layoutsIn(list), ["us", "latam"]);
  assertEquals(layoutsIn(""), []);
});
