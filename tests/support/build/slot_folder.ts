import { join } from "@std/path";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { firstAutoboot } from "../../../lib/boot/autoboot.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { peFile } from "../format/pe_file.ts";
import { tempFolder } from "../program/file_sink.ts";
import { packUpdate } from "./slot_update.ts";

const SOURCES = new URL("../../../build/stages/slots/", import.meta.url);
const RECORD = new URL("../../../lib/boot/slot_record.sh", import.meta.url);
const ROOM = 3 << 20;

/** Who counts starts, as slots.conf has it. */
export type SlotLoader = "efi" | "counter" | "tryboot";

/** What an update holds: bytes by name, in that order. */
type Files = Readonly<Record<string, Uint8Array | string>>;

/** An EFI program of this machine's kind, as far as firmware looks. @param fill what it has behind its headers */
export function programOf(fill: number): Uint8Array<ArrayBuffer> {
  const machine = Deno.build.arch === "aarch64" ? 0xaa64 : 0x8664;
  return peFile({ machine, trailer: new Uint8Array(4096).fill(fill) });
}

/** Slots that are files of a folder, and the program that tells and writes them. */
export class SlotFolder implements Disposable {
  readonly #folder = tempFolder();
  readonly #runner: Runner;
  readonly #shell: string;

  private constructor(runner: Runner, shell: string) {
    this.#runner = runner;
    this.#shell = shell;
  }

  /** Slot A runs and is good, slot B is empty. @param shell that runs the program */
  static async create(
    runner: Runner,
    shell: string,
    loader: SlotLoader,
    running: "a" | "b" = "a",
  ): Promise<SlotFolder> {
    const slots = new SlotFolder(runner, shell);
    const { at } = slots;
    for (const folder of ["library", "boot/loader/entries", "boot/EFI/tower", "run", "firmware"]) {
      Deno.mkdirSync(at(folder), { recursive: true });
    }
    for (const name of ["efi", "counter", "tryboot", "update", "guard", "secure_boot"]) {
      Deno.copyFileSync(new URL(`${name}.sh`, SOURCES), at(`library/${name}.sh`));
    }
    Deno.copyFileSync(RECORD, at("library/record.sh"));
    for (const name of ["root-a", "root-b", "slots"]) {
      Deno.writeFileSync(at(name), new Uint8Array(ROOM));
    }
    slots.setRunning(running);
    slots.write("boot/autoboot.txt", firstAutoboot());
    slots.write("boot/loader/loader.conf", "default system-*\n");
    slots.write("boot/loader/entries/system-a.conf", entryText("a", 1));
    for (const name of ["key", "stranger"]) {
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name)] });
    }
    slots.write("signers", `update namespaces="file" ${slots.read("key.pub")}`);
    const program = loader === "efi" ? "program=system.efi\n" : "";
    slots.write(
      "slots.conf",
      `loader=${loader}\ntitle=test\ntries=3\ndeadline=60\nsigners=${at("signers")}\n` +
        `boot=${at("boot")}\nfirmware=${at("firmware")}\nrun=${at("run")}\nenvironment=${
          at("environment")
        }\n` +
        `parts=root:root.img\n${program}` +
        ["root-a", "root-b", "slots"].map((name) => `device-${name}=${at(name)}\n`).join(""),
    );
    return slots;
  }

  readonly at = (name: string): string => join(this.#folder.path, name);

  setRunning(slot: string): void {
    this.write("environment", `HOME=/\0slot=${slot}\0slot_disk=/dev/vda\0`);
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(this.at(name), text);
  }

  read(name: string): string {
    return Deno.readTextFileSync(this.at(name));
  }

  /** Has firmware with Secure Boot that starts what a value of its variable db allows. */
  enforce(db: Uint8Array): void {
    const attributes = new Uint8Array(4);
    const put = (name: string, value: Uint8Array) =>
      Deno.writeFileSync(this.at(`firmware/${name}`), concat([attributes, value]));
    put("SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", new Uint8Array([1]));
    put("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", db);
  }

  /** Names of the loader's entries. */
  entries(): string[] {
    return [...Deno.readDirSync(this.at("boot/loader/entries"))].map(({ name }) => name).sort();
  }

  /** Counts a start of B and runs it, as the loader's or the initramfs' next step. */
  async startB(): Promise<void> {
    this.setRunning("b");
    const entry = this.entries().find((name) => name.startsWith("system-b+"));
    if (entry !== undefined) {
      const [left, failed = "0"] = entry.slice("system-b+".length, -".conf".length).split("-");
      const counted = `system-b+${Number(left) - 1}-${Number(failed) + 1}.conf`;
      const at = (name: string) => this.at(`boot/loader/entries/${name}`);
      return Deno.renameSync(at(entry), at(counted));
    }
    if (this.read("slots.conf").startsWith("loader=tryboot")) {
      return await this.tryOther();
    }
    const count = '. "$1"; read_record "$2" && set -- "$2" $record_b && ' +
      'record_b="trying $(($3 - 1)) $(($4 + 1))" && write_record "$1"';
    const argv = [this.#shell, "-c", count, "sh", this.at("library/record.sh"), this.at("slots")];
    await this.#runner.run({ argv: argv as [string, ...string[]] });
  }

  /** Has A try B; the mailbox and what starts the machine anew are the file `asked`. */
  async tryOther(): Promise<void> {
    this.setRunning("a");
    const library = this.read("library/tryboot.sh");
    const said = (name: string) => `\n${name}() { echo ${name} "$@" >> ${this.at("asked")}; }\n`;
    this.write("library/tryboot.sh", `${library}${said("vcmailbox")}${said("reboot")}`);
    await this.run(["try"]);
    this.write("library/tryboot.sh", library);
    this.setRunning("b");
  }

  #argv(args: readonly string[]): [string, ...string[]] {
    const script = new URL("tower-slot.sh", SOURCES).pathname;
    const given = ["--config", this.at("slots.conf"), "--library", this.at("library"), ...args];
    return [this.#shell, script, ...given];
  }

  /** Starts tower-slot in a group of processes of its own, whose number is its own, as a terminal does. */
  start(args: readonly string[]): RunningProcess {
    return this.#runner.spawn({ argv: this.#argv(args) });
  }

  /** Runs tower-slot. */
  async run(args: readonly string[], stdin?: Uint8Array) {
    const { ending, stdout, stderr } = await this.#runner.run({
      argv: this.#argv(args),
      ...(stdin ? { stdin } : {}),
      okCodes: [0, 1, 2],
    });
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const code = ending.kind === "exited" ? ending.code : undefined;
    return { code, out: text(stdout), err: text(stderr) };
  }

  /** What `status --json` says of the slots. */
  async status() {
    const { out } = await this.run(["status", "--json"]);
    return JSON.parse(out);
  }

  /**
   * A tar of files with their list and its signature before them.
   * @param listed what the list says where it is not the truth
   */
  async update(
    files: Files,
    { listed = files, key = "key", namespace = "file" } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    using folder = tempFolder();
    const inFolder = (name: string) => join(folder.path, name);
    const list = Object.entries(listed).map(([name, bytes]) =>
      `${hexOf(digestOf(bytes))}  ${name}\n`
    );
    for (const [name, bytes] of Object.entries(files)) {
      if (typeof bytes === "string") Deno.writeTextFileSync(inFolder(name), bytes);
      else Deno.writeFileSync(inFolder(name), bytes);
    }
    const tar = await packUpdate(this.#runner, folder.path, Object.keys(files), "update.tar", {
      ...{ key: this.at(key), namespace },
      list: new TextEncoder().encode(list.join("")),
    });
    return Deno.readFileSync(tar);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** An entry of a slot, as the loader reads it. */
export function entryText(slot: string, version: number): string {
  return `title test, slot ${slot}\nsort-key system\nversion ${version}\n` +
    `linux /EFI/tower/${slot}.efi\n`;
}
