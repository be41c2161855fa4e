import type { Env } from "../../../lib/env.ts";
import type { Fetcher } from "../../../lib/fetch/port.ts";
import type { Coming } from "../../../lib/packages/package_change.ts";
import type { Reporter } from "../../../lib/report/event.ts";
import type { Scope } from "../../../lib/session/scope.ts";
import type { FileStore } from "../../../lib/store/content_store.ts";
import type { OpenSources } from "../host_sources.ts";
import { sharedIndexes } from "../package_way.ts";

/** What one host, or any, is to get of a bundle. */
export interface Wish extends Pick<OpenSources, "sources" | "context"> {
  readonly host?: string;
  /** As they were asked for. */
  readonly packages: readonly string[];
  /** What is lacking. */
  readonly coming: readonly Coming[];
}

/** What wishes are found with. */
export interface Wishing {
  readonly env: Env;
  readonly store: FileStore;
  readonly scope: Scope;
  readonly reporter: Reporter;
}

/** A fetcher that asks the Internet from here; an index is fetched once for all wishes. */
export function internetFetcher({ env, reporter }: Pick<Wishing, "env" | "reporter">): Fetcher {
  const onNotice = (message: string) => reporter.report({ type: "info", message });
  return sharedIndexes(env.fetcher({ offline: false, onNotice }));
}
