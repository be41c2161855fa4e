import { join } from "@std/path";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { buildHost, cardOf } from "../build/host_system.ts";
import { tempFolder } from "../program/file_sink.ts";
import { SshClient } from "./ssh_client.ts";

/** What hosts are started with; it goes away with its owner. */
export interface HostBench extends AsyncDisposable {
  /** A folder for cards and disks. */
  readonly folder: string;
  /** Who may log in. */
  readonly client: SshClient;
  /** A host's image. */
  readonly image: string;
  /** Where the machine's network card is `tap0`, and the thin client has its address. */
  readonly network: NetworkNamespace;
  /** The image on a card, with files on its boot partition: as {@linkcode cardOf}. */
  card(...files: Parameters<typeof cardOf>[2]): string;
}

/** @param thinClient its IPv4 address @param build makes the image in a folder */
export async function hostBench(thinClient: string, build = buildHost): Promise<HostBench> {
  await using owned = new AsyncDisposableStack();
  const runner = denoRunner();
  const { path: folder } = owned.use(tempFolder());
  const client = await SshClient.create(runner, folder);
  const image = await build(folder);
  const network = owned.use(await NetworkNamespace.create(runner));
  await network.addTap("tap0", `${thinClient}/24`);
  const all = owned.move();
  return {
    ...{ folder, client, image, network },
    card: (...files) => cardOf(image, join(folder, "card.img"), files),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
