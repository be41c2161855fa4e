import type { Role } from "../firewall/roles.ts";

/** A line of sshd_config(5). OpenSSH 9.0 knows all of them: an unknown one stops sshd. */
export interface SshdLine {
  readonly keyword: string;
  readonly value: string;
  readonly why: string;
  readonly toweros?: string;
}

/** Of every host. */
export const SSHD: readonly SshdLine[] = [
  {
    keyword: "AuthenticationMethods",
    value: "publickey",
    why: "by key alone",
  },
  { keyword: "PermitRootLogin", value: "no", toweros: "no", why: "root by doas" },
  { keyword: "PasswordAuthentication", value: "no", toweros: "no", why: "nothing to guess" },
  { keyword: "KbdInteractiveAuthentication", value: "no", toweros: "no", why: "nothing to guess" },
  { keyword: "PermitEmptyPasswords", value: "no", why: "nothing to guess" },
  {
    keyword: "AuthorizedKeysFile",
    value: ".ssh/authorized_keys",
    why: "no second file of keys that nobody looks at",
  },
  {
    keyword: "AllowTcpForwarding",
    value: "yes",
    toweros: "yes",
    why: "packages and screens come by forwarded ports; see PermitListen",
  },
  {
    keyword: "PermitListen",
    value: "localhost:* 127.0.0.1:*",
    why:
      "what the thin client offers a host (ssh -R) listens on the host's loopback, or not at all",
  },
  {
    keyword: "AllowStreamLocalForwarding",
    value: "yes",
    why: "screens and sound go from Unix socket to Unix socket, so that nothing listens on TCP",
  },
  {
    keyword: "StreamLocalBindUnlink",
    value: "yes",
    why: "the socket of a session that broke off does not stop the next one",
  },
  { keyword: "GatewayPorts", value: "no", why: "forwarded ports are the loopback's" },
  { keyword: "AllowAgentForwarding", value: "no", why: "no host borrows the thin client's keys" },
  {
    keyword: "X11Forwarding",
    value: "no",
    why: "a host's programs would read the thin client's screen and keys",
  },
  { keyword: "PermitTunnel", value: "no", why: "no network card past the packet filter" },
  { keyword: "PermitUserEnvironment", value: "no", why: "no LD_PRELOAD by a file" },
  { keyword: "PermitUserRC", value: "no", why: "no program that runs unasked at each login" },
  {
    keyword: "SetEnv",
    value: "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    why: "commands that tower runs by doas are looked up here",
  },
  {
    keyword: "ClientAliveInterval",
    value: "5",
    why: "programs and forwards of a thin client that is gone end within 20 s",
  },
  { keyword: "ClientAliveCountMax", value: "3", why: "see ClientAliveInterval" },
  { keyword: "LoginGraceTime", value: "30", why: "who does not log in leaves" },
  { keyword: "MaxAuthTries", value: "3", why: "tower offers one key" },
  {
    keyword: "KexAlgorithms",
    value: "-diffie-hellman-*,ecdh-*",
    why:
      "what is left is Curve25519, with post-quantum where both ends have it. A list of what is " +
      "taken away does not keep out what is to come",
  },
  { keyword: "MACs", value: "-hmac-sha1*,umac-64*", why: "no SHA-1, no short sums" },
  { keyword: "UseDNS", value: "no", why: "no name that a resolver made up" },
  { keyword: "PrintMotd", value: "no", why: "no words between a program and its reader" },
  { keyword: "Subsystem", value: "sftp internal-sftp", why: "scp works, without another program" },
];

/** Of one role, beside them. */
export function sshdOf(role: Exclude<Role, "thinclient">): SshdLine[] {
  return role === "router"
    ? [
      {
        keyword: "PermitOpen",
        value: "localhost:* 127.0.0.1:* *:443 *:80",
        why:
          "a forward (ssh -L) leads to its own programs, and to packages for hosts without Internet",
      },
    ]
    : [];
}

/** The lines as a part of sshd_config(5). */
export function sshdText(lines: readonly SshdLine[]): string {
  return lines.map(({ keyword, value, why }) => `# ${why}\n${keyword} ${value}\n`).join("");
}

/** What the image's own file says; the first value of a keyword counts, so the first boot's do. */
export function sshdConfig(): string {
  return `# The address to listen on, the one user who may come and what the role adds, by the first boot.
Include /etc/ssh/sshd_config.d/*.conf

${sshdText(SSHD)}`;
}
