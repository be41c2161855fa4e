import { exists, makeDir, writeFileAtomic } from "../files/files.ts";
import type { Command, Runner } from "../proc/command.ts";
import type { SetupWish } from "./answers.ts";
import { mounted, unlocked } from "./mounted.ts";
import { USER_ID } from "./plan.ts";
import { SETTINGS_FILE, settingsText } from "./settings.ts";

/** KiB that opening the disk takes at most: smaller machines must open it too. */
const KEY_MEMORY = 256 << 10;
const TOWER = ".local/tower";

/**
 * Makes the partition `data`: encrypted where there is a passphrase, with an ext4 file system of the settings
 * and the user's home.
 * @param device such as /dev/sda6; nothing that looks like a volume is in it
 * @param home of whoever used the medium: its ~/.local/tower goes along
 */
export async function makeData(
  runner: Runner,
  device: string,
  { settings, passphrase }: SetupWish,
  home: string,
): Promise<void> {
  const run = (...argv: Command["argv"]) => runner.run({ argv });
  await using owned = new AsyncDisposableStack();
  let inner = device;
  if (passphrase !== undefined) {
    const stdin = new TextEncoder().encode(passphrase);
    const { keyboardLayout, keyboardVariant } = settings;
    const format = ["luksFormat", "--batch-mode", "--type", "luks2", "--key-file", "-"];
    const memory = ["--pbkdf", "argon2id", "--pbkdf-memory", String(KEY_MEMORY)];
    // Told in the open: the passphrase is typed on that keyboard.
    const keyboard = ["--subsystem", `keyboard=${keyboardLayout}/${keyboardVariant}`];
    const argv = ["cryptsetup", ...format, ...memory, ...keyboard, device] as const;
    await runner.run({ argv: [...argv], stdin });
    inner = owned.use(await unlocked(runner, device, "tower-setup", stdin)).path;
  }
  await run("mkfs.ext4", "-q", "-F", "-L", "data", "-m", "1", inner);
  {
    const options = ["-t", "ext4", "-o", "nosuid,nodev,noexec"];
    await using data = await mounted(runner, inner, "data", ...options);
    const own = `${data.path}/home/${settings.username}`;
    makeDir(`${own}/.local`);
    if (exists(`${home}/${TOWER}`)) await run("cp", "-a", `${home}/${TOWER}`, `${own}/${TOWER}`);
    await run("chown", "-R", `${USER_ID}:${USER_ID}`, own);
    await run("chmod", "0700", own, `${own}/.local`);
    makeDir(`${data.path}/tower`);
    await run("chmod", "0700", `${data.path}/tower`);
    const text = new TextEncoder().encode(settingsText(settings));
    writeFileAtomic(`${data.path}/${SETTINGS_FILE}`, text, 0o600);
    await run("sync");
  }
  await run("fsck.ext4", "-f", "-n", inner);
}
