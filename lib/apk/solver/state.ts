/** What a run knows of a name (apk-tools src/apk_solver_data.h). */
export class NameState<Name, Provider> {
  /** Part of the world's closure. */
  seen = false;
  /** The choice for it is made: `chosen`, or nobody. */
  locked = false;
  chosen: Provider | undefined;
  /** The world itself asks for the name. */
  inWorld = false;
  /** Dependencies, not conflicts, that ask for it. */
  requirers = 0;
  /** Length of the longest chain of dependencies below it. */
  depth = 0;
  /** Seen names with a provider that depends on it, in apk's order. */
  reverseDepends: Name[] = [];
  /** How many of these, from the first on, are decided. */
  askersLocked = 0;
  /** 0 where only packages of that name provide it, 1 where also others do, 2 where only others. */
  virtuality: 0 | 1 | 2 = 0;
  queued = false;
  unresolved = false;
  /** Its providers' dependencies, or their install_if, must be looked at again. */
  recheckDepends = false;
  recheckInstallIf = false;
  hasInstallIf = false;
  neverInstallIf = false;
  hasOptions = false;
  /** Everything that could ask for the name was decided when it was looked at last. */
  askersDone = false;
  /** How many options so far share this name as a dependency, or as something provided. */
  mergedDepends = 0;
  mergedProvides = 0;
  providedVirtually = false;
  inPlan = false;
}

/** What a run knows of a package. */
export class PackageState {
  seen = false;
  selectable = false;
  /** What made it unselectable. */
  refusal: string | undefined;
  /** Constraints that it breaks. */
  conflicts = 0;
  depth = 0;
  /** Bits of pins: those it may come from, those preferred. */
  pinsAllowed = 1;
  pinsPreferred = 1;
  pinAllowed = false;
  pinPreferred = false;
  dependsMerged = false;
  dependsUsed = false;
  installIfMet = false;
  installIfFailed = false;
  inPlan = false;
  failed = false;
}
