import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { MachineSpace } from "../../../lib/lab/machine_space.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";

const runner = denoRunner();

/** A machine with these cards, each with a cable to nobody. */
export async function withCards(
  cards: Readonly<Record<string, string>>,
  work: (machine: MachineSpace) => Promise<void>,
): Promise<void> {
  await using network = await NetworkNamespace.create(runner);
  await using far = await NetworkNamespace.create(runner);
  for (const [name, mac] of Object.entries(cards)) {
    const peer = ["peer", "name", `far-${name}`, "netns", String(far.pid)];
    await network.run("ip", "link", "add", name, "address", mac, "type", "veth", ...peer);
    await far.run("ip", "link", "set", `far-${name}`, "up");
  }
  await using machine = await MachineSpace.create(runner, network, "alice");
  await work(machine);
}

/** Puts text into a file of a machine. */
export async function put(machine: MachineSpace, path: string, text: string, mode = "0644") {
  const argv = ["sh", "-c", 'cat >"$1"; chmod "$2" "$1"', "put", path, mode] as const;
  await runner.run(machine.inside({ argv, stdin: new TextEncoder().encode(text) }));
}

/** The two programs of OpenRC that set a network up, with ifup's part that fixed addresses need. */
export async function pretendOpenrc(machine: MachineSpace): Promise<void> {
  const layers = "mkdir /run/up /run/work /etc/runlevels /etc/runlevels/boot /etc/init.d -p\n" +
    "mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/run/up,workdir=/run/work /usr/sbin";
  await machine.run("sh", "-ec", layers);
  await put(machine, "/usr/sbin/openrc-run", "");
  const update = '#!/bin/sh\nln -sfn "/etc/init.d/$3" "/etc/runlevels/$4/$3"\n';
  await put(machine, "/usr/sbin/rc-update", update, "0755");
  await put(
    machine,
    "/usr/sbin/rc-service",
    `#!/bin/sh
ebegin() { :; }; ewarn() { echo "$@"; }; eend() { return "$1"; }
case "$2 $3" in
"tower-cards restart") . /etc/init.d/tower-cards; start ;;
"networking start")
	awk '$1 == "iface" && $4 == "static" { card = $2 } $1 == "address" { address = $2 }
		$1 == "netmask" && $2 == "255.255.255.0" { print card, address "/24" }
		$1 == "up" { sub(/^[ \\t]*up /, ""); print "run", $0 }' /etc/network/interfaces |
	while read -r card address; do
		if [ "$card" = run ]; then $address; continue; fi
		ip link set "$card" up && ip addr replace "$address" dev "$card"
	done ;;
esac
`,
    "0755",
  );
}
