import { fromFileUrl, join } from "@std/path";

/** What real apk said. */
export interface OracleResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The release that the oracle's tools come from. */
const MINIROOTFS = "alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz";
/** The signed index of a real repository. */
const INDEX = "apkindex/alpine-3.16-main.APKINDEX.tar.gz";

/**
 * Real apk-tools 2.14.4 and a real Alpine root, unpacked into a temporary directory that goes
 * away with the oracle.
 */
export class Oracle implements AsyncDisposable {
  /** @param dir the temporary directory. @param data the directory of the oracle's data. */
  constructor(readonly dir: string, readonly data: string) {}

  /** The unpacked Alpine root. Change it only where no other test looks. */
  get root(): string {
    return join(this.dir, "root");
  }

  /** A directory with the public keys of Alpine's repositories. */
  get keys(): string {
    return join(this.root, "usr/share/apk/keys/x86_64");
  }

  /** Runs a program of the Alpine root on this machine's files, through its own musl loader. */
  run(program: string, args: readonly string[]): Promise<OracleResult> {
    const [loader, ...rest] = this.argv(program, args);
    return run(loader, rest);
  }

  /** The command line by which a program of the Alpine root runs on this machine. */
  argv(program: string, args: readonly string[]): [string, ...string[]] {
    const libraries = `${this.root}/lib:${this.root}/usr/lib`;
    return [
      `${this.root}/lib/ld-musl-x86_64.so.1`,
      "--library-path",
      libraries,
      join(this.root, program),
      ...args,
    ];
  }

  /** Runs real apk. */
  apk(...args: readonly string[]): Promise<OracleResult> {
    return this.run("sbin/apk", args);
  }

  /**
   * What `apk add --simulate` would install into an empty root, in order, or undefined where it
   * refuses; `repositories` is the path of their list.
   */
  async simulate(
    root: string,
    repositories: string,
    world: readonly string[],
  ): Promise<string[] | undefined> {
    const said = await this.apk(
      ...["--root", root, "--keys-dir", this.keys, "--repositories-file", repositories],
      ...["--arch", "x86_64", "--allow-untrusted", "add", "--simulate", ...world],
    );
    if (said.code !== 0) return undefined;
    const lines = said.stdout.matchAll(/^\(\d+\/\d+\) Installing ([^\s@]+)\S* \((\S+)\)$/gm);
    return [...lines].map(([, name, version]) => `${name}-${version}`);
  }

  /** A root that holds nothing but an empty database of x86_64, as the path of its directory. */
  async emptyRoot(): Promise<string> {
    const root = await Deno.makeTempDir({ dir: this.dir, prefix: "empty-" });
    const made = await this.apk("--root", root, "--arch", "x86_64", "add", "--initdb");
    if (made.code !== 0) throw new Error(`apk add --initdb failed: ${made.stderr}`);
    return root;
  }

  /** The signed index of a real repository, unless the data lack it. */
  get indexArchive(): string {
    return join(this.data, INDEX);
  }

  /** A local repository with the signed real index and no packages, as the path of its directory. */
  async realRepository(): Promise<string> {
    const repository = await Deno.makeTempDir({ dir: this.dir, prefix: "repository-" });
    await Deno.mkdir(join(repository, "x86_64"));
    await Deno.copyFile(this.indexArchive, join(repository, "x86_64/APKINDEX.tar.gz"));
    return repository;
  }

  /** The text of the real index. */
  async realIndex(): Promise<string> {
    const found = await run("tar", ["-xOzf", this.indexArchive, "APKINDEX"]);
    if (found.code !== 0) throw new Error(`tar failed: ${found.stderr}`);
    return found.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/**
 * The directory with real Alpine data: `TOWER_ORACLE_DATA`, or `../shared/data` beside the
 * project. Undefined where there is none; then tests that need it are skipped.
 */
export function oracleData(): string | undefined {
  const beside = fromFileUrl(new URL("../../../../shared/data", import.meta.url));
  const dir = Deno.env.get("TOWER_ORACLE_DATA") ?? beside;
  return exists(join(dir, MINIROOTFS)) && exists(join(dir, INDEX)) ? dir : undefined;
}

/** Why the oracle cannot run on this machine, or undefined where it can. For `ignore`. */
export function oracleMissing(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return "needs Linux on x86_64";
  return oracleData() === undefined ? "no Alpine data; set TOWER_ORACLE_DATA" : undefined;
}

/** Unpacks the oracle, or says why it cannot. */
export async function alpineOracle(): Promise<Oracle | { skip: string }> {
  const skip = oracleMissing();
  const data = oracleData();
  if (skip !== undefined || data === undefined) return { skip: skip ?? "no Alpine data" };
  const oracle = new Oracle(await Deno.makeTempDir({ prefix: "tower-oracle-" }), data);
  await Deno.mkdir(oracle.root);
  const archive = join(data, MINIROOTFS);
  const unpacked = await run("tar", ["-xzf", archive, "--no-same-owner", "-C", oracle.root]);
  if (unpacked.code === 0) return oracle;
  await oracle[Symbol.asyncDispose]();
  throw new Error(`tar failed: ${unpacked.stderr}`);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(program: string, args: readonly string[]): Promise<OracleResult> {
  const output = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", LANG: "C.UTF-8" },
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}
