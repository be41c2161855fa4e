import type { Digest } from "../../lib/brand.ts";
import type { Breathe } from "../../lib/breathe.ts";
import type { Env } from "../../lib/env.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { type EfiSigner, NO_SIGNER } from "../../lib/secure_boot/efi_signer.ts";
import { breathing } from "../../lib/files/interruption.ts";
import { type FileStore, openStore } from "../../lib/store/content_store.ts";
import type { Patience } from "../../lib/fetch/patience.ts";
import type { Fetcher } from "../../lib/fetch/port.ts";
import { join } from "@std/path";
import { type KeptTrees, keptTrees } from "./kept_trees.ts";
import { madeFiles } from "./made_files.ts";
import { thisProgram } from "../program.ts";
import type { MadeFiles } from "../stages/stage.ts";

/** What a build works with beside its inputs. Disposing it closes the store. */
export interface Engine extends Disposable {
  readonly env: Env;
  readonly store: FileStore;
  readonly fetcher: Fetcher;
  readonly reporter: Reporter;
  readonly made: MadeFiles;
  /** Signs EFI programs of stages that ask for it. */
  readonly efiSigner: EfiSigner;
  readonly trees: KeptTrees;
  /** A digest of this program; all of its sources are read for it, once. */
  readonly program: () => Digest;
  readonly offline: boolean;
  readonly patience: Patience;
  /** Packages unpacked at once. */
  readonly jobs: number;
  /** Lets signals be heard in long work. */
  readonly breathe: Breathe;
}

/** Opens the store and chooses how progress is shown. */
export function openEngine(
  env: Env,
  options: {
    readonly offline: boolean;
    readonly json: boolean;
    readonly jobs: number;
    /** Seconds until a repository that sends nothing is given up; the environment's patience. */
    readonly timeout?: number | undefined;
    /** Refuses to sign by default. */
    readonly efiSigner?: EfiSigner | undefined;
  },
): Engine {
  const reporter = reporterFor(env, options.json);
  const store = openStore(join(env.cacheDir, "store"), reporter);
  const { offline, timeout } = options;
  const patience = timeout === undefined
    ? env.patience
    : { ...env.patience, total: timeout * 1000 };
  let digest: Digest | undefined;
  const program = () => digest ??= thisProgram();
  const onNotice = (message: string) => reporter.report({ type: "info", message });
  return {
    env,
    store,
    fetcher: env.fetcher({ offline, patience, onNotice }),
    patience,
    reporter,
    made: madeFiles(store, program),
    efiSigner: options.efiSigner ?? NO_SIGNER,
    trees: keptTrees(store, program),
    program,
    offline,
    jobs: options.jobs,
    breathe: breathing(env.signal),
    [Symbol.dispose]() {
      reporter[Symbol.dispose]();
      store[Symbol.dispose]();
    },
  };
}
