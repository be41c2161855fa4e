import type { Env } from "../../lib/env.ts";
import type { OfferedAt, PackageServer } from "../../lib/package_way/deno_package_server.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Scope } from "../../lib/session/scope.ts";
import type { RemoteProgram, RemoteResult, Session } from "../../lib/session/session.ts";
import type { PackagesNow } from "../menu/keep_menu.ts";

/** A file that is kept of a machine's packages. */
export type KeptFile = "world" | "package_sources";

/** What apk runs with. */
export interface ApkDuring {
  /** Its reason is thrown, once what is to be waited for has ended. */
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

/** A machine whose packages are looked at and changed. */
export interface PackageMachine {
  readonly name: string;
  readonly session: Pick<Session, "exec">;
  /** Where what is kept of its packages lies, beside the lock. */
  readonly folder: string;
  /** What its user is asked about before packages come; absent where that is what it is for. */
  readonly warning?: string;
  /**
   * The words that make a program root's there.
   * @throws {TowerError} `permission` where somebody would be asked for a password.
   */
  root(): Promise<readonly string[]>;
  /** Keeps a file in its folder, whole or not at all. */
  keep(file: KeptFile, bytes: Uint8Array): Promise<void>;
  /**
   * Has files served at a port of its loopback, which its kernel chooses, until the scope ends. The
   * scope fails where the way there is lost.
   */
  offer(serve: (at: OfferedAt) => PackageServer, scope: Scope): Promise<number>;
  /**
   * Runs apk to its end, whatever its exit code.
   * @param title as in "Cannot install packages"
   * @throws {TowerError} `unreachable` where it is not known what apk did.
   */
  runApk(apk: RemoteProgram, title: string, during: ApkDuring): Promise<RemoteResult>;
  /** Brings menus to what its packages are now. */
  showPrograms(
    packages: PackagesNow,
    told: { readonly env: Env; readonly reporter: Reporter },
  ): Promise<void>;
}
