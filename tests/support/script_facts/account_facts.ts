import { type Accounts, accountScripts } from "./account_scripts.ts";
import { fact, type ScriptFact } from "./script_fact.ts";

/** A script that makes accounts, with others that make the same. */
function makes(
  name: string,
  accounts: Accounts,
  says: string,
  texts: readonly string[],
  script: "pre-install" | "post-install" = "pre-install",
): ScriptFact {
  const list = [
    ...(accounts.groups ?? []).map((group) => `group ${[group].flat()[0]}`),
    ...(accounts.ordinaryGroup === undefined ? [] : [`group ${accounts.ordinaryGroup}`]),
    ...(accounts.users ?? []).map((user) => `user ${user.name}`),
    ...(accounts.members ?? []).map(([user, group]) => `${user} in group ${group}`),
  ];
  const does = `Makes ${list.join(", ")}, unless they are there.`;
  const own = accountScripts(accounts);
  return fact({ package: name, script, texts, does, did: "native", says, own });
}

/** Most users are like this one: of the group of their name, without home and shell. */
const service = (name: string, home = "/dev/null"): Accounts => ({
  groups: [name],
  users: [{ name, group: name, home, shell: "/sbin/nologin", gecos: name }],
});
const withHome = (name: string, home: string): Accounts => ({
  groups: [name],
  users: [{ name, group: name, home, makesHome: true, shell: "/sbin/nologin", gecos: name }],
});
const withShell = (name: string, shell: string, home?: string): Accounts => ({
  groups: [name],
  users: [{ name, group: name, shell, gecos: name, ...(home === undefined ? {} : { home }) }],
});
const ordinary = (name: string, shell: string): Accounts => ({
  ordinaryGroup: name,
  users: [{ name, group: name, home: "/dev/null", shell }],
});
const avahi = (shell: string): Accounts => ({
  groups: [["netdev", 28], ["avahi", 86]],
  users: [{
    ...{ name: "avahi", group: "avahi", home: "/var/run/avahi-daemon", shell, uid: 86 },
    gecos: "Avahi System User",
  }],
});
const NGINX: Accounts = {
  groups: [["www-data", 82], "nginx"],
  users: service("nginx", "/var/lib/nginx").users!,
  members: [["nginx", "www-data"]],
};
const both = (name: string) => `group ${name}, user ${name}`;

export const ACCOUNT_FACTS: readonly ScriptFact[] = [
  makes("alpine-baselayout", { groups: [["shadow", 42]] }, "nothing to do", [
    "28ecff91a36f438ca26bc8cc08d857863378aa94eab399a1f413e52501b86f85",
  ]),
  makes("avahi", avahi("/bin/false"), both("avahi"), [
    "7185a9a7a7e37f5da9a294f19b8651e921fe3347a1bdb8574cc0ed843d7e27c4",
  ]),
  makes("avahi", avahi("/sbin/nologin"), both("avahi"), [
    "25b101f982d310271e6bc1b21fdbbd4de26204ec4b99d37ebd7299c684dfaf58",
  ]),
  makes("chrony", withHome("chrony", "/var/log/chrony"), both("chrony"), [
    "06298ac6a19a24bfed58e1d2bd213e65df73854d7847e832f3f9b33f946f3d52",
  ]),
  makes("chrony", service("chrony"), both("chrony"), [
    "27b7d8d3d43973b0cfa771e6f7cf024b1a5fb88cc5e4d15981ea45a9687e5d5d",
  ]),
  makes(
    "cups",
    {
      groups: ["lpadmin", ["lp", 7]],
      users: [{ name: "lp", group: "lp", gecos: "lp", uid: 4, makesHome: true }],
      members: [["lp", "lp"]],
    },
    "group lpadmin, user lp in group lp",
    ["d24bc87eb2ae8bd795407c4597aa109aad3a6fb79b0ab12d1230bd2bcdf33562"],
  ),
  makes("dbus", service("messagebus"), both("messagebus"), [
    "454dd79cd20873517ac27e36206425467cba21832382f2c16b26a4e61cafbfcb",
  ]),
  makes(
    "dbus",
    {
      groups: ["messagebus"],
      users: [{
        name: "messagebus",
        group: "messagebus",
        home: "/dev/null",
        shell: "/sbin/nologin",
      }],
    },
    both("messagebus"),
    ["876f9c02b7ed1c7e0997ae7e4c252a91b56e482000e0446d0e62546138509466"],
  ),
  makes("dhcpcd", service("dhcpcd", "/var/lib/dhcpcd"), both("dhcpcd"), [
    "c2fcd89fece6c89c53df1936ca1ae256a7bd8e74de9a2679be87373feb846478",
  ]),
  makes("dhcpcd", withHome("dhcpcd", "/var/lib/dhcpcd"), both("dhcpcd"), [
    "4574f372381a1a782a0aa94115299b7f0defd5557ee640a68a122980245fb5fc",
  ]),
  makes("dnsmasq", ordinary("dnsmasq", "/bin/false"), both("dnsmasq"), [
    "2a0598a3cd75b5c87d6ffee7e70c30b053d76309f2958ccdbf73f2890922f015",
  ]),
  makes("docker", { groups: ["docker"] }, "group docker", [
    "88e98efd639cc65c192131b87cb78102fe53400351a848dbb91397b0afa0c0ec",
  ]),
  makes("docker-registry", service("docker-registry"), both("docker-registry"), [
    "e47ba01bb6ea804227825ee5231f3fe22b7dedf5ffbaf23d9601f67f4155b99a",
  ]),
  makes("eudev", { groups: ["sgx"] }, "group sgx", [
    "366609af96e37ccb3d67b35c2f655febe0399b7d6ceb640fce5880313b9e0289",
  ], "post-install"),
  makes("fontconfig", service("fontconfig", "/var/cache/fontconfig/"), both("fontconfig"), [
    "b34da3f6f484e29eb8c5e0bca5743ff58a9b5b76d642453dabf798effd1de0aa",
  ]),
  makes("haproxy", service("haproxy", "/var/lib/haproxy"), both("haproxy"), [
    "b46238a5b5e52556c887cbbb512e388938219d14114128df907328dfca74b5c4",
  ]),
  makes("nginx", NGINX, "group nginx, user nginx, user nginx in group www-data", [
    "db368afbbefa73128aed235df22846a93e899c82b787f156a0afe9898e98b863",
  ]),
  makes("nginx", ordinary("nginx", "/sbin/nologin"), both("nginx"), [
    "ac1a637ade8d13e2753d1e11775d1a2b6f830a2e48348300d9ac097d437dce41",
  ]),
  makes("nginx-common", NGINX, "group nginx, user nginx, user nginx in group www-data", [
    "ed8c63b9b05cc6faddd97bda03b1ae4ee0a91daedf490e6ebfbd02a15c62dc58",
  ]),
  makes("pipewire", { groups: ["pipewire"] }, "group pipewire", [
    "a5d35642984ab49912e6f2b64a631312a846ba31c96f893944f6cd1832e5e66b",
    "4667450f724ad8df244c7a45ae20ccfd707c285d64da629f0870669f4bb2014d",
  ], "post-install"),
  makes("polkit", service("polkitd", "/var/empty"), both("polkitd"), [
    "9402a45a468cbd6ceb8c6d114b9b3c4b0d253a6b596d8704234cf5e4125ad30e",
  ]),
  makes(
    "pulseaudio",
    {
      groups: ["pulse-access", "pulse"],
      users: [{
        name: "pulse",
        group: "pulse",
        home: "/var/run/pulse",
        gecos: "PulseAudio daemon",
      }],
      members: [["pulse", "audio"]],
    },
    "group pulse, group pulse-access, user pulse, user pulse in group audio",
    ["ac2f2537080d5e0dd2e8d3d5e5e25c576a019bdf7223e66c5dccb1568e845227"],
    "post-install",
  ),
  makes(
    "pulseaudio-system",
    {
      groups: ["pulse", "pulse-access"],
      users: [{
        name: "pulse",
        group: "pulse",
        home: "/var/run/pulse",
        shell: "/sbin/nologin",
        gecos: "Pulseaudio System User",
      }],
      members: [["root", "pulse-access"], ["pulse", "audio"]],
    },
    "group pulse, group pulse-access, user pulse, user pulse in group audio, user root in group pulse-access",
    ["5d7dffdb61abbbbdf614c9891c7a336c573e34d2b7bd59dbcb93f84063f27dc8"],
  ),
  makes("rng-tools", service("rngd"), both("rngd"), [
    "57d50a3dae4a52800ea79f1e70bedb4c9598e7662ac8164c4f41e7581324f31f",
  ]),
  makes("rng-tools", withShell("rngd", "/bin/nologin", "/dev/null"), both("rngd"), [
    "a74c06c115c3146ddbe008c051f77e0dfecc9e996ebbc5cad07b7ea61e5a5054",
  ]),
  makes("seatd", { groups: ["seat"] }, "group seat", [
    "da7c721b6928d8fbee1ecaff4796969951acedd90d13294b4ddc4cd3d4259a23",
  ]),
  makes(
    "tinyproxy",
    {
      users: [{
        name: "tinyproxy",
        home: "/var/run/tinyproxy",
        makesHome: true,
        shell: "/bin/false",
        system: false,
      }],
    },
    "user tinyproxy",
    ["6fca24d76af435eb6e7752c1c0b8f1b177b0a9bc468f93281b18f7b1c39664f0"],
  ),
  makes("tor", service("tor", "/var/lib/tor"), both("tor"), [
    "89640b7e442ac13f6f50fc713ca3e252f6e5d23935a92421c18d96592832e1d7",
  ]),
  makes(
    "tor",
    { users: [{ name: "tor", home: "/var/lib/tor", shell: "/sbin/nologin", gecos: "tor" }] },
    "user tor",
    ["0d2ab901774c3494560da064f3f7196d47e804398493877d9dc0274abaed5bf0"],
  ),
  makes(
    "unbound",
    {
      groups: ["unbound"],
      users: [{
        name: "unbound",
        group: "unbound",
        home: "/etc/unbound",
        shell: "/bin/false",
        gecos: "Unbound user",
      }],
    },
    both("unbound"),
    ["ee4fca24b23b12e1b67a39bce5576ed05f086f0de286b8b47b5325ce26cc4944"],
  ),
  makes("utmps", withShell("utmp", "/sbin/nologin"), "user utmp", [
    "07747f8481583b5da297332eb578784ab46d808cefb26e91663d955c195d2d04",
  ]),
  makes("utmps", withShell("utmp", "/bin/false"), "user utmp", [
    "13cc48cd4c2414be6e429f54eccc2b17934090ca63e55e2df52af81f533fe77c",
  ]),
];
