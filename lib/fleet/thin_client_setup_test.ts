import { assert, assertEquals, assertThrows } from "@std/assert";
import { TOWER_PLAN } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import { parseCards } from "./thin_client_cards.ts";
import {
  pinCards,
  planSetup,
  SET_UP,
  SETUP,
  SETUP_FILES,
  setupChanges,
  setupFiles,
} from "./thin_client_setup.ts";

const [ONE, TWO, OLD] = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:99"];
const STATE = parseCards(`card eth0 ${ONE} 1 1\ncard eth1 ${TWO} 1 1\nforwards 0 0\n`);
const BOTH = { oneCable: false, gateway: false };

Deno.test("cards are those the user names, else those pinned before, else eth0 and eth1", () => {
  assertEquals(pinCards(STATE, "", {}, false), { online: ONE, offline: TWO });
  assertEquals(pinCards(STATE, `eth0 ${OLD}\n`, {}, false), { online: OLD, offline: TWO });
  const swapped = pinCards(STATE, `eth0 ${OLD}\n`, { online: "eth1", offline: ONE }, false);
  assertEquals(swapped, { online: TWO, offline: ONE });
  assertEquals(pinCards(STATE, "", {}, true), { online: ONE, offline: ONE });
});

Deno.test("a card that is not there, or that would serve both networks, is refused", () => {
  const lone = parseCards(`card eth0 ${ONE} 1 1\nforwards 0 0\n`);
  assertThrows(() => pinCards(lone, "", {}, false), TowerError, 'there is no "eth1"');
  assertThrows(
    () => pinCards(STATE, "", { offline: "eth0" }, false),
    TowerError,
    "Cannot give both networks",
  );
});

Deno.test("addresses are fixed, nothing asks for any, and there is no way out unless asked", () => {
  const cards = { online: ONE, offline: TWO };
  const { mactab, interfaces } = setupFiles(cards, TOWER_PLAN, BOTH);
  assertEquals(mactab, `eth0 ${ONE}\neth1 ${TWO}\n`);
  assertEquals(
    interfaces,
    "auto lo\niface lo inet loopback\n\n" +
      "auto eth0\niface eth0 inet static\n\taddress 192.168.2.100\n\tnetmask 255.255.255.0\n\n" +
      "auto eth1\niface eth1 inet static\n\taddress 192.168.3.100\n\tnetmask 255.255.255.0\n",
  );
  const out = setupFiles(cards, TOWER_PLAN, { oneCable: false, gateway: true }).interfaces;
  assertEquals(out.match(/gateway .*/g), ["gateway 192.168.2.1"]);
  const one = setupFiles({ online: ONE, offline: ONE }, TOWER_PLAN, { ...BOTH, oneCable: true });
  assertEquals(one.mactab, `eth0 ${ONE}\n`);
  assertEquals(one.interfaces.match(/up ip .*/g), ["up ip addr add 192.168.3.100/24 dev eth0"]);
});

Deno.test("a second run finds nothing to change", () => {
  const files = setupFiles({ online: ONE, offline: TWO }, TOWER_PLAN, BOTH);
  const state = { files, isStarted: true, hasOpenrc: true };
  assertEquals(setupChanges(files, state), []);
  const changed = { ...state, files: { ...files, mactab: "" } };
  assertEquals(setupChanges(files, changed).map(({ what }) => what), ["/etc/mactab"]);
});

Deno.test("the set-up is one step with its files as input, and nothing where all is as it should be", () => {
  const files = setupFiles({ online: ONE, offline: TWO }, TOWER_PLAN, BOTH);
  const state = { files, isStarted: true, hasOpenrc: true };
  const machine = { name: "thinclient", become: [] };
  assertEquals(planSetup(machine, files, state), []);
  const [step] = planSetup(machine, files, { ...state, isStarted: false })[0]![0]!.steps;
  assert(step.kind === "exec");
  assertEquals(step.argv, ["sh", "-c", SET_UP, "tower-network"]);
  assert(new TextDecoder().decode(step.stdin).includes(`mactab|eth1 ${TWO}\n`));
});

Deno.test("the files that are looked at are those that are written", () => {
  for (const [name, path] of Object.entries(SETUP_FILES)) {
    assert(SETUP.script.includes(`part ${name}; kept ${path}\n`), path);
    assert(SET_UP.includes(`put ${name} ${path} `), path);
  }
});
