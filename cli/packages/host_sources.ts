import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { APK_STATE, type ApkState } from "../../lib/package_way/apk_state.ts";
import {
  type HostSource,
  readSources,
  type SourceContext,
} from "../../lib/package_way/host_sources.ts";
import { isBeyondHost, type RepositorySpec } from "../../lib/packages/repositories.ts";
import type { Fetcher } from "../../lib/fetch/port.ts";
import { keptIndexes } from "../../lib/package_way/kept_indexes.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { Scope } from "../../lib/session/scope.ts";
import { type FileStore, openStore } from "../../lib/store/content_store.ts";
import { requireKnownSources } from "./known_sources.ts";
import type { PackageMachine } from "./package_machine.ts";
import { sharedWay } from "./package_way.ts";

/** What a machine's repositories may be. */
export interface SourceOptions {
  readonly allowOld: boolean;
  readonly newSources: boolean;
  readonly offline: boolean;
}

/** A machine's repositories, verified, and what reads them. */
export interface OpenSources {
  readonly sources: readonly HostSource[];
  readonly context: SourceContext;
}

/** What commands that look for packages work with. The scope owns what is opened. */
export interface Looking {
  /** Outlives the scope, whose work writes into it. */
  readonly store: FileStore;
  readonly scope: Scope;
  readonly reporter: Reporter;
  /** The way by the router, opened when first asked for. */
  readonly way: () => Promise<Fetcher>;
  /** Whether a repository is read; all are where nothing says so. */
  readonly isRead?: (spec: RepositorySpec, arch: string) => boolean;
}

/** Where packages are kept on this machine. */
export function openPackageStore(env: Env, reporter: Reporter): FileStore {
  return openStore(join(env.cacheDir, "store"), reporter);
}

/** What looks for packages with a store and a way of its own. */
export function openLooking(env: Env, fleet: Fleet, reporter: Reporter): Looking & AsyncDisposable {
  const owned = new AsyncDisposableStack();
  const store = owned.use(openPackageStore(env, reporter));
  const scope = owned.use(new Scope(env.signal));
  const way = sharedWay(fleet, env.patience, scope);
  return { store, scope, reporter, way, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/**
 * What apk on a machine knows.
 * @throws {TowerError} `malformed` and `unsupported` with its name; as a session.
 */
export async function apkStateOf(machine: PackageMachine): Promise<ApkState> {
  try {
    return await gather(machine.session, APK_STATE, machine);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    if (cause.code !== "malformed" && cause.code !== "unsupported") throw cause;
    throw new TowerError(cause.code, `Cannot ${APK_STATE.asking(machine.name)}`, {
      cause,
      ...cause.hint === undefined ? {} : { hint: cause.hint },
    });
  }
}

/**
 * Reads the indexes of a machine's repositories by way of the router.
 * @throws {TowerError} `untrusted` where they are not those of last time, not signed, or old.
 */
export async function openSources(
  machine: PackageMachine,
  state: ApkState,
  { allowOld, newSources, offline }: SourceOptions,
  { store, reporter, way, isRead }: Looking,
): Promise<OpenSources & { readonly remember: () => Promise<void> }> {
  const remember = requireKnownSources(state, machine, newSources);
  const fetcher = offline ? keptIndexes(store) : await way();
  const { arch, keys } = state;
  const context = { arch, keys, fetcher, store, reporter };
  const specs = state.repositories.filter((spec) =>
    isBeyondHost(spec.url) && (isRead?.(spec, arch) ?? true)
  );
  return { sources: await readSources(specs, context, allowOld), context, remember };
}
