import { printable } from "../../errors.ts";
import { type Dependency, readDependency, satisfies } from "../dependency.ts";
import type { IndexedPackage } from "../types.ts";
import { inTableOrder } from "./name_order.ts";
import { NameState, PackageState } from "./state.ts";

/** The packages of one index. */
export interface Repository {
  readonly url: string;
  /** Without `@`. Packages of a tagged repository are only taken where a pin names the tag. */
  readonly tag?: string;
  readonly packages: readonly IndexedPackage[];
}

/** A package offers a name, with or without a version. `package` is undefined for "nobody". */
export interface Provider {
  readonly package: PackageNode;
  readonly version: string | undefined;
}

/** Stands for the empty list: most names are of one package alone, so lists are made late. */
const NOBODY: readonly never[] = [];

/** The list with an item that is not its last one. */
function appended<T>(list: readonly T[], item: T): readonly T[] {
  if (list === NOBODY) return [item];
  if (list.at(-1) !== item) (list as T[]).push(item);
  return list;
}

/** A name that packages have, provide or ask for. What is linked to it is found when asked for. */
export class NameNode {
  /** Packages that have or provide it. */
  #offering: readonly PackageNode[] = NOBODY;
  /** Packages whose install_if mentions it. */
  #triggered: readonly PackageNode[] = NOBODY;
  #providers: readonly Provider[] | undefined = undefined;
  #reverseInstallIf: readonly NameNode[] | undefined = undefined;
  private found: NameState<NameNode, Provider> | undefined = undefined;
  /** @param rank its place among all names in order of first appearance. */
  constructor(readonly text: string, readonly rank: number) {}

  addOffering(node: PackageNode): void {
    this.#offering = appended(this.#offering, node);
  }

  addTriggered(node: PackageNode): void {
    this.#triggered = appended(this.#triggered, node);
  }

  get providers(): readonly Provider[] {
    return this.#providers ??= this.#offering.flatMap((node) => node.offersOf(this));
  }

  /** Names with a provider whose install_if mentions this one, in apk's order. */
  get reverseInstallIf(): readonly NameNode[] {
    return this.#reverseInstallIf ??= this.#triggered.length === 0 ? NOBODY : inTableOrder(
      new Set(this.#triggered.flatMap((node) => [
        node.name,
        ...node.provides.map(({ target }) => target),
      ])),
    );
  }

  /** What the current run knows of it. */
  get state(): NameState<NameNode, Provider> {
    return this.found ??= new NameState();
  }

  forget(): void {
    this.found = undefined;
  }
}

/** A dependency whose name is resolved. */
export class Edge {
  readonly conflict: boolean;
  readonly operators: number;
  readonly version: string | undefined;
  /** @param text the dependency as written. */
  constructor(dependency: Dependency, readonly target: NameNode, readonly text: string) {
    this.conflict = dependency.conflict;
    this.operators = dependency.operators;
    this.version = dependency.version;
  }
}

/** One item of the world, resolved. */
export class WorldEdge extends Edge {
  /** @param pinBit bit of its pin; 1 stands for no pin. */
  constructor(dependency: Dependency, target: NameNode, text: string, readonly pinBit: number) {
    super(dependency, target, text);
  }
}

/** A package, and where it can be had. A run looks at few of them: edges are read when asked for. */
export class PackageNode {
  /** One bit for each repository that has the package. */
  repositories = 0;
  /** Why it can never be chosen. */
  refused: string | undefined = undefined;
  #depends: readonly Edge[] | undefined = undefined;
  #provides: readonly Edge[] | undefined = undefined;
  #installIf: readonly Edge[] | undefined = undefined;
  private found: PackageState | undefined = undefined;
  constructor(
    readonly entry: IndexedPackage,
    readonly name: NameNode,
    private readonly universe: Universe,
  ) {}

  get depends(): readonly Edge[] {
    return this.#depends ??= this.universe.edges(this.entry.depends);
  }

  get provides(): readonly Edge[] {
    return this.#provides ??= this.universe.edges(this.entry.provides);
  }

  /** Empty where one of them cannot be read: it is never met. */
  get installIf(): readonly Edge[] {
    if (this.#installIf) return this.#installIf;
    const edges = this.universe.edges(this.entry.installIf);
    return this.#installIf = edges.length === this.entry.installIf.length ? edges : NOBODY;
  }

  /** How it offers a name: as its own, then as what it provides. */
  offersOf(name: NameNode): Provider[] {
    const own = this.name === name ? [{ package: this, version: this.entry.version }] : [];
    const provided = this.provides.filter(({ target }) => target === name);
    return [...own, ...provided.map(({ version }) => ({ package: this, version }))];
  }

  /** What the current run knows of it. */
  get state(): PackageState {
    return this.found ??= new PackageState();
  }

  forget(): void {
    this.found = undefined;
  }

  get label(): string {
    return `${this.entry.name}-${this.entry.version}`;
  }
}

/** Whether what was chosen for a name, perhaps nothing, is acceptable to a dependency. */
export function isMet(edge: Edge, provider: Provider | undefined): boolean {
  if (provider === undefined) return edge.conflict;
  return satisfies(edge, provider.version, provider.package.entry.identity);
}

/** Repositories are bits of one number. */
const MAX_REPOSITORIES = 30;

/**
 * All names and packages of a list of repositories, linked. Names are made known in the order of
 * the records, as apk does: their rank decides ties. Solving writes only into `state`.
 */
export class Universe {
  readonly #names = new Map<string, NameNode>();
  readonly packages: PackageNode[] = [];

  constructor(readonly repositories: readonly Repository[], readonly arch: string) {
    if (repositories.length > MAX_REPOSITORIES) {
      throw new RangeError(`Cannot solve over more than ${MAX_REPOSITORIES} repositories`);
    }
    const byIdentity = new Map<string, PackageNode>();
    repositories.forEach((repository, i) => {
      for (const entry of repository.packages) this.#add(entry, 1 << i, byIdentity);
    });
  }

  /** A name that the repositories mention. */
  find(text: string): NameNode | undefined {
    return this.#names.get(text);
  }

  /** A name, made known if it was not. */
  name(text: string): NameNode {
    let name = this.#names.get(text);
    if (!name) this.#names.set(text, name = new NameNode(text, this.#names.size));
    return name;
  }

  /** Forgets what an earlier run found. */
  reset(): void {
    for (const name of this.#names.values()) name.forget();
    for (const item of this.packages) item.forget();
  }

  /** The bits of the repositories with a tag, or of those without. */
  repositoriesWith(tag: string | undefined): number {
    return this.repositories.reduce((bits, r, i) => r.tag === tag ? bits | 1 << i : bits, 0);
  }

  /** Equal identity is the same package: the first record is kept (apk_db_pkg_add). */
  #add(entry: IndexedPackage, bit: number, byIdentity: Map<string, PackageNode>): void {
    const known = byIdentity.get(entry.identity);
    const node = known ?? new PackageNode(entry, this.name(entry.name), this);
    node.repositories |= bit;
    if (known) return;
    byIdentity.set(entry.identity, node);
    this.packages.push(node);
    node.refused = this.#refusal(entry);
    node.name.addOffering(node);
    for (const text of entry.depends) {
      if (this.#mention(text)) continue;
      node.refused ??= `its dependency "${printable(text)}" cannot be read`;
    }
    for (const text of entry.provides) this.#mention(text)?.addOffering(node);
    if (entry.installIf.length === 0) return;
    const conditions = entry.installIf.map((text) => this.#mention(text));
    if (conditions.includes(undefined)) return;
    for (const name of conditions) name?.addTriggered(node);
  }

  #refusal(entry: IndexedPackage): string | undefined {
    if (entry.uninstallable !== undefined) return entry.uninstallable;
    const fits = entry.arch === this.arch || entry.arch === "noarch" || entry.arch === "";
    return fits ? undefined : `it is built for ${printable(entry.arch)}`;
  }

  /** The name in a dependency; undefined where it cannot be read. */
  #mention(text: string): NameNode | undefined {
    const known = this.#names.get(text);
    if (known) return known;
    const name = readDependency(text)?.name;
    return name === undefined ? undefined : this.name(name);
  }

  /** The dependencies that can be read. */
  edges(texts: readonly string[]): readonly Edge[] {
    if (texts.length === 0) return NOBODY;
    return texts.flatMap((text) => {
      const dependency = readDependency(text);
      return dependency ? [new Edge(dependency, this.name(dependency.name), text)] : [];
    });
  }
}
