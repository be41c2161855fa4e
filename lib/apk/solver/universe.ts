import { printable } from "../../errors.ts";
import { anyOf, type Dependency, readDependency, satisfies } from "../dependency.ts";
import type { IndexedPackage } from "../types.ts";
import { link } from "./link.ts";
import {
  type LinkedDependencies,
  type LinkedIndex,
  type LinkedPackage,
  type LinkedRecord,
  UNREAD,
} from "./linked_index.ts";
import { bucketOf, inTableOrder } from "./name_order.ts";
import { NameState, PackageState } from "./state.ts";

/** Where packages come from. */
export interface Source {
  readonly url: string;
  /** Without `@`. Packages of a tagged repository are only taken where a pin names the tag. */
  readonly tag?: string;
}

/** The packages of one index. */
export interface Repository extends Source {
  readonly packages: readonly IndexedPackage[];
}

/** A package offers a name, with or without a version. `package` is undefined for "nobody". */
export interface Provider {
  readonly package: PackageNode;
  readonly version: string | undefined;
}

const NOBODY: readonly never[] = [];

/** A name that packages have, provide or ask for. What is linked to it is found when asked for. */
export class NameNode {
  #providers: readonly Provider[] | undefined = undefined;
  #reverseInstallIf: readonly NameNode[] | undefined = undefined;
  private found: NameState<NameNode, Provider> | undefined = undefined;
  /**
   * @param rank its place among all names in order of first appearance.
   * @param bucket its bucket of apk's table of names.
   */
  constructor(
    readonly text: string,
    readonly rank: number,
    readonly bucket: number,
    private readonly universe: Universe,
  ) {}

  get providers(): readonly Provider[] {
    return this.#providers ??= this.universe.offering(this).flatMap((node) => node.offersOf(this));
  }

  /** Names with a provider whose install_if mentions this one, in apk's order. */
  get reverseInstallIf(): readonly NameNode[] {
    if (this.#reverseInstallIf) return this.#reverseInstallIf;
    const triggered = this.universe.triggered(this);
    return this.#reverseInstallIf = triggered.length === 0
      ? NOBODY
      : inTableOrder(new Set(triggered.flatMap((node) => node.offered)));
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

/** A package, and where it can be had. A run looks at few of them: edges are made when asked for. */
export class PackageNode {
  readonly entry: LinkedPackage;
  readonly name: NameNode;
  /** Why it can never be chosen. */
  readonly refused: string | undefined;
  #depends: readonly Edge[] | undefined = undefined;
  #provides: readonly Edge[] | undefined = undefined;
  #installIf: readonly Edge[] | undefined = undefined;
  #offered: readonly NameNode[] | undefined = undefined;
  #triggering: readonly NameNode[] | undefined = undefined;
  private found: PackageState | undefined = undefined;
  /** @param repositories one bit for each repository that has the package. */
  constructor(
    private readonly record: LinkedRecord,
    readonly repositories: number,
    private readonly universe: Universe,
  ) {
    this.entry = universe.linked.packageOf(record);
    this.name = universe.nameAt(record[0]);
    this.refused = this.#refusal();
  }

  get depends(): readonly Edge[] {
    return this.#depends ??= this.universe.edges(this.record[7]);
  }

  get provides(): readonly Edge[] {
    return this.#provides ??= this.universe.edges(this.record[8]);
  }

  /** Its own name, and those that it provides. */
  get offered(): readonly NameNode[] {
    return this.#offered ??= [this.name, ...this.provides.map(({ target }) => target)];
  }

  /** Those of them that an install_if mentions. */
  get triggering(): readonly NameNode[] {
    return this.#triggering ??= this.offered.filter((name) => name.reverseInstallIf.length > 0);
  }

  /** Empty where one of them cannot be read: it is never met. */
  get installIf(): readonly Edge[] {
    if (this.#installIf) return this.#installIf;
    const edges = this.universe.edges(this.record[9]);
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

  #refusal(): string | undefined {
    const { uninstallable, arch } = this.entry;
    if (uninstallable !== undefined) return uninstallable;
    if (arch !== this.universe.arch && arch !== "noarch" && arch !== "") {
      return `it is built for ${printable(arch)}`;
    }
    const depends = this.record[7];
    const unread = depends.indexOf(UNREAD);
    if (unread < 0) return undefined;
    return `its dependency "${printable(String(depends[unread - 1]))}" cannot be read`;
  }
}

/** Whether what was chosen for a name, perhaps nothing, is acceptable to a dependency. */
export function isMet(edge: Edge, provider: Provider | undefined): boolean {
  if (provider === undefined) return edge.conflict;
  return satisfies(edge, provider.version, provider.package.entry.identity);
}

/** All names and packages of a list of repositories. Solving writes only into `state`. */
export class Universe {
  /** Names and packages that were asked for, by rank and number. */
  readonly #names: NameNode[];
  readonly #packages: PackageNode[];
  /** Names that no repository mentions. */
  readonly #others = new Map<string, NameNode>();

  constructor(
    readonly repositories: readonly Source[],
    readonly arch: string,
    readonly linked: LinkedIndex,
  ) {
    this.#names = new Array(linked.nameCount);
    this.#packages = new Array(linked.packageCount);
  }

  /** A name that the repositories mention. */
  find(text: string): NameNode | undefined {
    const other = this.#others.get(text);
    if (other) return other;
    const rank = this.linked.find(text, bucketOf(text));
    return rank < 0 ? undefined : this.nameAt(rank);
  }

  /** A name, made known if it was not. */
  name(text: string): NameNode {
    const known = this.find(text);
    if (known) return known;
    const rank = this.linked.nameCount + this.#others.size;
    const name = new NameNode(text, rank, bucketOf(text), this);
    this.#others.set(text, name);
    return name;
  }

  /** The name of a rank that the repositories mention. */
  nameAt(rank: number): NameNode {
    return this.#names[rank] ??= new NameNode(
      this.linked.nameAt(rank),
      rank,
      this.linked.bucketAt(rank),
      this,
    );
  }

  /** Whether a package has or provides a name. */
  isOffered(text: string): boolean {
    const name = this.find(text);
    return name !== undefined && this.#isLinked(name) &&
      this.linked.offering(name.rank).length > 0;
  }

  /** Packages that have or provide a name. */
  offering(name: NameNode): readonly PackageNode[] {
    return this.#isLinked(name) ? this.#nodes(this.linked.offering(name.rank)) : NOBODY;
  }

  /** Packages whose install_if mentions a name. */
  triggered(name: NameNode): readonly PackageNode[] {
    return this.#isLinked(name) ? this.#nodes(this.linked.triggered(name.rank)) : NOBODY;
  }

  /** Forgets what an earlier run found. */
  reset(): void {
    this.#names.forEach((name) => name.forget());
    this.#others.forEach((name) => name.forget());
    this.#packages.forEach((node) => node.forget());
  }

  /** The bits of the repositories with a tag, or of those without. */
  repositoriesWith(tag: string | undefined): number {
    return this.repositories.reduce((bits, r, i) => r.tag === tag ? bits | 1 << i : bits, 0);
  }

  /** The dependencies that can be read. */
  edges(dependencies: LinkedDependencies): readonly Edge[] {
    if (dependencies.length === 0) return NOBODY;
    const edges: Edge[] = [];
    for (let i = 0; i < dependencies.length; i++) {
      const item = dependencies[i]!;
      if (typeof item === "number") {
        const name = this.nameAt(item);
        edges.push(new Edge(anyOf(name.text), name, name.text));
        continue;
      }
      const rank = dependencies[++i]! as number;
      if (rank === UNREAD) continue;
      edges.push(new Edge(readDependency(item)!, this.nameAt(rank), item));
    }
    return edges;
  }

  #isLinked({ rank }: NameNode): boolean {
    return rank < this.linked.nameCount;
  }

  #nodes(numbers: Uint32Array): PackageNode[] {
    return Array.from(numbers, (number) =>
      this.#packages[number] ??= new PackageNode(
        this.linked.recordAt(number),
        this.linked.repositoriesOf(number),
        this,
      ));
  }
}

/** The packages of repositories, linked. */
export function universeOf(repositories: readonly Repository[], arch: string): Universe {
  return new Universe(repositories, arch, link(repositories.map(({ packages }) => packages)));
}
