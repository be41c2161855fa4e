import {
  hostKeyOf,
  type KnownHosts,
  parseKnownHosts,
  removeName,
  renderKnownHosts,
  setHostKeys,
} from "../ssh/known_hosts.ts";
import {
  includeLine,
  includesFile,
  parseSshConfig,
  removeHost,
  renderSshConfig,
  setHost,
} from "../ssh/ssh_config.ts";
import type { Host } from "./host.ts";
import {
  configPath,
  controlFolder,
  identityPath,
  knownHostsPath,
  type TowerPaths,
} from "./paths.ts";

/** A host that is no more. */
export interface GoneHost {
  readonly name: string;
  readonly address?: string;
}

/** Seconds that a user's own `ssh NAME` waits for an answer. */
const CONNECT_TIMEOUT = 5;

/**
 * Brings the `config` of an inventory up to date: a block for every host, none for hosts that are
 * gone. What a user wrote stays.
 */
export function updateConfig(
  text: string,
  paths: TowerPaths,
  hosts: readonly Host[],
  gone: readonly GoneHost[],
): string {
  const before = gone.reduce((c, { name }) => removeHost(c, name), parseSshConfig(text));
  return renderSshConfig(hosts.reduce((config, { name, env }) =>
    setHost(config, name, {
      hostName: env.address,
      user: env.username,
      identityFile: identityPath(paths, name),
      knownHostsFile: knownHostsPath(paths),
      controlFolder: controlFolder(paths),
      connectTimeout: CONNECT_TIMEOUT,
    }), before));
}

/** Trusts each host's own keys under its name and address, and nothing else for them. */
export function updateKnownHosts(
  text: string,
  hosts: readonly Host[],
  gone: readonly GoneHost[],
): string {
  const forget = (known: KnownHosts, { name, address }: GoneHost) =>
    [name, ...address === undefined ? [] : [address]].reduce(removeName, known);
  const before = gone.reduce(forget, parseKnownHosts(text));
  return renderKnownHosts(
    hosts.reduce((known, { name, env, hostKeys }) =>
      setHostKeys(
        known,
        [name, env.address],
        hostKeys.map((key) => hostKeyOf(key)!),
      ), before),
  );
}

/** A user's own `~/.ssh/config` with the inventory's part of it. */
export function includeConfig(text: string, paths: TowerPaths, home: string): string {
  const path = configPath(paths);
  if (includesFile(parseSshConfig(text), path, home)) return text;
  return `${includeLine(path)}\n\n${text}`;
}
