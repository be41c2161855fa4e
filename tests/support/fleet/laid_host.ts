import { join } from "@std/path";
import { testHost } from "../../../lib/fleet/test_host.ts";
import { writeTowerEnv } from "../../../lib/tower_env/tower_env.ts";

/** Lays a host down in an inventory's folder as TowerOS does, with its looser modes. */
export function layHost(inventory: string, name: string, text?: string): void {
  const folder = join(inventory, "hosts", name);
  Deno.mkdirSync(folder, { recursive: true });
  const role = name === "vault" ? "offline" : undefined;
  const address = { router: "192.168.2.1", vault: "192.168.3.200" }[name] ?? "192.168.2.200";
  const { env, hostKeys } = testHost(name, address, role);
  const written = new TextDecoder().decode(writeTowerEnv(env, "thinclient"));
  Deno.writeTextFileSync(join(folder, "tower.env"), text ?? written);
  Deno.writeTextFileSync(join(folder, "ssh_host_ed25519_key.pub"), `${hostKeys[0]} ${name}\n`);
}
