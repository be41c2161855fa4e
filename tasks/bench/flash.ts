import { fromFileUrl, join } from "@std/path";
import { checkImage } from "../../lib/disk/checked_image.ts";
import { fileMedium } from "../../lib/disk/medium.ts";
import { compareCards, fillCards } from "../../lib/disk/write_image.ts";
import type { Env } from "../../lib/env.ts";
import type { Command } from "../../lib/proc/command.ts";
import { silent } from "../../lib/report/event.ts";
import { removeTree, tempDir } from "../../lib/files/files.ts";
import { CARD_TOOLS, makeSparseCard } from "../../tests/support/fleet/card_image.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import { inSequence, type Row, type Sample, type Section } from "./report.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const TITLE = "Writing a sparse image of 4 GiB";
const SIZE = 4 * 2 ** 30;
const DATA = 2 ** 30;
const PEER = "bmaptool copy, then bmaptool reads back";
const PARTS = "  of it: check, write, read back";
const OURS = "tower provision, all of it";

/** Writing an image to a medium by its block map, beside bmaptool. */
export async function flashSection(env: Env, runs: number): Promise<Section> {
  const missing = ["bmaptool", "cmp", ...CARD_TOOLS].filter((tool) => !env.runner.which(tool));
  if (missing.length > 0) {
    return { title: TITLE, notes: [`not measured: ${missing.join(", ")} missing`], rows: [] };
  }
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const image = await makeSparseCard(folder.path, SIZE, DATA);
  const card = join(folder.path, "card.img");
  const samples: Record<string, Sample[]> = { [PEER]: [], [OURS]: [], [PARTS]: [] };
  const fresh = async () => {
    removeTree(card);
    removeTree(join(folder.path, ".local"));
    await meter.settle();
  };
  for (let i = 0; i < runs; i++) {
    await fresh();
    samples[PEER]!.push(await bmaptool(meter.measure, image, card));
    await fresh();
    samples[OURS]!.push((await meter.measure(provision(env, folder.path, image, card))).sample);
    await fresh();
    samples[PARTS]!.push(await ownParts(env, image, card));
  }
  const rows = Object.entries(samples).map(([name, samples]): Row => ({
    name,
    samples,
    ...name !== PEER && { peer: PEER },
  }));
  const notes = [
    `1 GiB of data in pieces of up to 4 MiB, to a new file, flushed; ${runs} runs in turn`,
    `${PEER}: the second run gives it what was written as the image, and /dev/null to write to`,
    `${OURS}: keys of the host made, its files put on the boot partition, too`,
    ...meter.missing,
  ];
  return { title: TITLE, notes, rows };
}

/** bmaptool compares what it reads with the map; what it wrote it reads only when told to. */
async function bmaptool(
  measure: (command: Command) => Promise<{ sample: Sample }>,
  image: string,
  card: string,
): Promise<Sample> {
  const copy = ["bmaptool", "--quiet", "copy", "--bmap", `${image}.bmap`] as const;
  const { sample: write } = await measure({ argv: [...copy, image, card] });
  const { sample: read } = await measure({ argv: [...copy, card, "/dev/null"] });
  return inSequence([write, read]);
}

function provision(env: Env, home: string, image: string, card: string): Command {
  return {
    argv: [
      ...[Deno.execPath(), "run", "--allow-all", MAIN, "provision", "vault", "--offline"],
      ...["--image", image, "--device-file", card, "--no-confirm", "--timezone", "UTC"],
    ] as unknown as [string, ...string[]],
    variables: { HOME: home, USER: "alice", DENO_DIR: denoFolder(env) },
  };
}

/** In this process: without the start of the program and the keys of the host. */
async function ownParts(env: Env, path: string, card: string): Promise<Sample> {
  const start = performance.now();
  using image = await checkImage(path, undefined, ["disk"], env);
  using medium = fileMedium(card, SIZE);
  const { signal } = env;
  const cards = [{ medium }];
  await fillCards(image, cards, { signal, reporter: silent });
  await compareCards(image, cards, { signal, reporter: silent });
  await medium.commit();
  return { wall: (performance.now() - start) / 1000 };
}
