import { TOWER_PLAN } from "../../../lib/address_plan/address_plan.ts";
import type { Role } from "../../../lib/firewall/roles.ts";

/**
 * What the rules of TowerOS 0.7 do, for `iptables-restore`: a model made from their described
 * behaviour, without their logging. They know no IPv6, and a policy never drops.
 */
export function oldRules(role: Role): string {
  const { network, thinClient, router } = TOWER_PLAN.online;
  const client = role === "offline" ? TOWER_PLAN.offline.thinClient : thinClient;
  const isHost = role !== "thinclient";
  const nat = role === "router" ? "-A POSTROUTING -o wlan0 -j MASQUERADE\n" : "";
  return `*mangle
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
*nat
${nat}COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:TCP - [0:0]
:UDP - [0:0]
:tcp-reset - [0:0]
:icmp-port - [0:0]
:icmp-proto - [0:0]
-A tcp-reset -p tcp -j REJECT --reject-with tcp-reset
-A icmp-port -p tcp -j REJECT --reject-with icmp-port-unreachable
-A icmp-proto -p tcp -j REJECT --reject-with icmp-proto-unreachable
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p icmp -m icmp --icmp-type 8 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p udp -m conntrack --ctstate NEW -j UDP
-A INPUT -p tcp --syn -m conntrack --ctstate NEW -j TCP
-A INPUT -p tcp -m recent --set --name TCP-PORTSCAN --rsource -j tcp-reset
-A INPUT -p udp -m recent --set --name UDP-PORTSCAN --rsource -j icmp-port
-A INPUT -j icmp-proto
-A TCP -p tcp -m recent --update --seconds 60 --name TCP-PORTSCAN --rsource -j tcp-reset
-A UDP -p udp -m recent --update --seconds 60 --name UDP-PORTSCAN --rsource -j icmp-port
${isHost ? `-A TCP -s ${client} -p tcp --dport 22 -j ACCEPT\n` : ""}${
    {
      thinclient: "-A INPUT -j DROP\n-A FORWARD -j DROP\n-A OUTPUT -j ACCEPT",
      offline: "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
        "-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP\n-A FORWARD -j DROP",
      online: "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
        `-A OUTPUT -d ${router} -j ACCEPT\n-A OUTPUT -d ${network} -j DROP\n-A OUTPUT -j ACCEPT`,
      router: "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
        `-A TCP -s ${network} -p tcp --dport 9050 -j ACCEPT\n` +
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
        "-A FORWARD -i eth0 -o wlan0 -j ACCEPT",
    }[role]
  }
COMMIT
`;
}
