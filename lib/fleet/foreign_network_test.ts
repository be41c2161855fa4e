import { assertEquals, assertThrows } from "@std/assert";
import { TOWER_PLAN } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import { foreignStanzas } from "./foreign_network.ts";
import { keepForeign, setupFiles } from "./thin_client_setup.ts";

const CARDS = { online: "02:00:00:00:00:01", offline: "02:00:00:00:00:02" };
const WANTED = setupFiles(CARDS, TOWER_PLAN, { oneCable: false, gateway: false });
const INTERFACES = `# by hand
auto lo eth0 wlan0
iface lo inet loopback

auto eth0
iface eth0 inet dhcp
	hostname me
	# asks
# the way home
iface wlan0 inet static
	address 10.0.0.7/24

	# a comment in it
	up ip route add 10.1.0.0/16 via 10.0.0.1
iface eth1 inet6 auto
mapping eth1
	script x
source /etc/network/interfaces.d/*
`;
const KEPT = `# by hand
auto wlan0
	# asks
# the way home
iface wlan0 inet static
	address 10.0.0.7/24

	# a comment in it
	up ip route add 10.1.0.0/16 via 10.0.0.1
source /etc/network/interfaces.d/*
`;

const state = (interfaces: string, mactab = "") => ({
  files: { interfaces, mactab, service: "" },
  isStarted: false,
  hasOpenrc: true,
});

Deno.test("stanzas of other cards stay, and a second run finds them where they are", () => {
  assertEquals(foreignStanzas(INTERFACES).map((line) => `${line}\n`).join(""), KEPT);
  const { files, kept } = keepForeign(WANTED, CARDS, state(INTERFACES));
  assertEquals(files.interfaces, `${WANTED.interfaces}\n${KEPT}`);
  assertEquals(kept.length, 10);
  assertEquals(keepForeign(WANTED, CARDS, state(files.interfaces)).files, files);
  for (const own of ["", WANTED.interfaces]) {
    assertEquals(keepForeign(WANTED, CARDS, state(own)), { files: WANTED, kept: [] });
  }
});

Deno.test("names of other cards stay; those of the tower's cards go", () => {
  const mactab = "# mine\nwlan0 02:00:00:00:00:09\neth0 02:00:00:00:00:08\nlan 02:00:00:00:00:01\n";
  const { files } = keepForeign(WANTED, CARDS, state("", mactab));
  assertEquals(files.mactab, `${WANTED.mactab}# mine\nwlan0 02:00:00:00:00:09\n`);
  assertEquals(keepForeign(WANTED, CARDS, state("", files.mactab)).files.mactab, files.mactab);
});

Deno.test("a file that is no text is refused, since it would not come back as it was", () => {
  assertThrows(() => keepForeign(WANTED, CARDS, state("# \ufffd\n")), TowerError, "no UTF-8 text");
});
