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

/** Stands for the empty list: most names have at most one provider, so lists are made late. */
const NOBODY: readonly never[] = [];

function appended<T>(list: readonly T[], item: T): readonly T[] {
  (list as T[]).push(item);
  return list;
}

/** A name that packages have, provide or ask for. */
export class NameNode {
  providers: readonly Provider[] = NOBODY;
  /** Names with a provider whose install_if mentions this one, in apk's order. */
  reverseInstallIf: readonly NameNode[] = NOBODY;
  /** The dependency that is the name alone: most are. */
  plain: Edge | undefined = undefined;
  private found: NameState | undefined = undefined;
  constructor(readonly text: string, readonly rank: number) {}

  addProvider(provider: Provider): void {
    this.providers = this.providers === NOBODY ? [provider] : appended(this.providers, provider);
  }

  addTriggered(name: NameNode): void {
    const before = this.reverseInstallIf;
    this.reverseInstallIf = before === NOBODY ? [name] : appended(before, name);
  }

  /** What the current run knows of it. */
  get state(): NameState {
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

/** A package, and where it can be had. */
export class PackageNode {
  depends: readonly Edge[] = [];
  provides: readonly Edge[] = [];
  installIf: readonly Edge[] = [];
  /** One bit for each repository that has the package. */
  repositories = 0;
  /** Why it can never be chosen. */
  refused: string | undefined = undefined;
  private found: PackageState | undefined = undefined;
  constructor(readonly entry: IndexedPackage, readonly name: NameNode) {}

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

function isWhole(edges: readonly (Edge | undefined)[]): edges is readonly Edge[] {
  return !edges.includes(undefined);
}

const NOTHING: { readonly edges: readonly Edge[] } = { edges: [] };

/** Repositories are bits of one number. */
const MAX_REPOSITORIES = 30;

/** All names and packages of a list of repositories, linked. Solving writes only into `state`. */
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
    this.#linkInstallIf();
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
    const node = known ?? new PackageNode(entry, this.name(entry.name));
    node.repositories |= bit;
    if (known) return;
    byIdentity.set(entry.identity, node);
    this.packages.push(node);
    node.refused = this.#refusal(entry);
    const depends = this.#edgesOf(entry.depends);
    node.depends = depends.edges;
    if (depends.bad !== undefined) {
      node.refused ??= `its dependency "${printable(depends.bad)}" cannot be read`;
    }
    node.provides = this.#edgesOf(entry.provides).edges;
    const installIf = this.#edgesOf(entry.installIf);
    if (installIf.bad === undefined) node.installIf = installIf.edges;
    node.name.addProvider({ package: node, version: entry.version });
    for (const { target, version } of node.provides) {
      target.addProvider({ package: node, version });
    }
  }

  #refusal(entry: IndexedPackage): string | undefined {
    if (entry.uninstallable !== undefined) return entry.uninstallable;
    const fits = entry.arch === this.arch || entry.arch === "noarch" || entry.arch === "";
    return fits ? undefined : `it is built for ${printable(entry.arch)}`;
  }

  /** The dependencies that can be read, and one that cannot. */
  #edgesOf(texts: readonly string[]): { edges: readonly Edge[]; bad?: string | undefined } {
    if (texts.length === 0) return NOTHING;
    const edges = texts.map((text) => this.#names.get(text)?.plain ?? this.#read(text));
    if (isWhole(edges)) return { edges };
    return {
      edges: edges.filter((edge) => edge !== undefined),
      bad: texts[edges.indexOf(undefined)],
    };
  }

  #read(text: string): Edge | undefined {
    const dependency = readDependency(text);
    if (!dependency) return undefined;
    const edge = new Edge(dependency, this.name(dependency.name), text);
    if (dependency.name === text) edge.target.plain = edge;
    return edge;
  }

  #linkInstallIf(): void {
    const triggered = new Set<NameNode>();
    for (const node of this.packages) {
      if (node.installIf.length === 0) continue;
      triggered.add(node.name);
      for (const { target } of node.provides) triggered.add(target);
    }
    for (const name of inTableOrder(triggered)) {
      for (const provider of name.providers) {
        for (const { target } of provider.package.installIf) {
          if (target.reverseInstallIf.at(-1) !== name) target.addTriggered(name);
        }
      }
    }
  }
}
