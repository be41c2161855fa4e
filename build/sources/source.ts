import type { z } from "zod";
import type { PlannedSource, SourceContent } from "../../lib/archive/entry.ts";
import type { Arch } from "../../lib/brand.ts";
import type { Breathe } from "../../lib/breathe.ts";
import type { Fetcher } from "../../lib/fetch/port.ts";
import type { Runner } from "../../lib/proc/command.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { ContentStore } from "../../lib/store/ports.ts";

/** What names a source: its kind, and its name among those of the kind. */
export interface SourceName {
  readonly kind: string;
  readonly name: string;
}

/** What a build asks of a source that its manifest names. */
export interface Asked<Spec extends { readonly kind: string }> extends SourceName {
  readonly kind: Spec["kind"];
  readonly spec: Spec;
  /** Folder that relative paths start from. */
  readonly folder: string;
  readonly arch: Arch;
}

/**
 * A kind of source that manifests name: what they may say of it, what a lock says, how that comes
 * about, and how its bytes come into the store. Beside packages nothing else of a build touches the
 * network. Its row stands in `build/kinds/sources.ts`.
 */
export interface SourceKind<
  Spec extends z.ZodType<{ kind: string }>,
  Locked extends z.ZodType<SourceName>,
> {
  /** The fields, `kind` among them; their descriptions are the reference page. */
  readonly spec: Spec;
  /** What a lock says: every byte that the source gives, by digest. */
  readonly locked: Locked;
  /** What of it decides a build. Pure. */
  readonly plan: (locked: z.infer<Locked>, spec: z.infer<Spec>) => PlannedSource;
  /** Whether a lock's source is what is asked for. */
  readonly fits: (locked: z.infer<Locked>, asked: Asked<z.infer<Spec>>) => boolean;
  /**
   * Fixes what is asked for.
   * @param before what the lock said until now
   */
  readonly resolve: (
    asked: Asked<z.infer<Spec>>,
    before: z.infer<Locked> | undefined,
    ports: SourcePorts,
  ) => Promise<{ readonly locked: z.infer<Locked> }>;
  /** Brings what is locked into the store, where it is not there, verified. */
  readonly load: (
    locked: z.infer<Locked>,
    asked: Asked<z.infer<Spec>>,
    ports: SourcePorts,
  ) => Promise<SourceContent>;
}

/** A kind as it is written: its types come from its parts. */
export function sourceKind<
  Spec extends z.ZodType<{ kind: string }>,
  Locked extends z.ZodType<SourceName>,
>(kind: SourceKind<Spec, Locked>): SourceKind<Spec, Locked> {
  return kind;
}

/** The folder of a build with its record. */
export interface Built {
  /** Absolute. */
  readonly folder: string;
  readonly record: BuildRecord;
}

/** What other systems give. */
export interface Builds {
  /** Builds a system, unless nothing has changed. @param system its name, or a manifest's absolute path */
  readonly build: (system: string) => Promise<Built>;
  /** What was built of it before, if anything. */
  readonly find: (system: string) => Built | undefined;
  /** A folder that some build wrote. @throws {TowerError} `not-found`, `malformed` */
  readonly read: (folder: string) => Built;
}

/** What sources are resolved and loaded with. */
export interface SourcePorts {
  readonly fetcher: Fetcher;
  readonly store: ContentStore;
  readonly reporter: Reporter;
  readonly runner: Runner;
  readonly builds: Builds;
  readonly signal: AbortSignal;
  /** To be called in every loop that may take long. */
  readonly breathe: Breathe;
}
