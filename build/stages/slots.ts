import { z } from "zod";
import { firstAutoboot } from "../../lib/boot/autoboot.ts";
import { SLOT_SYSTEM, slotSystemText } from "../../lib/boot/slot_system.ts";
import { firstSlotRecord } from "../../lib/boot/slot_record.ts";
import slotRecord from "../../lib/boot/slot_record.sh" with { type: "text" };
import { TowerError } from "../../lib/errors.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { fileName, line, serviceName } from "../../lib/schema/scalars.ts";
import { authorizedKeyFault } from "../../lib/ssh_signature/authorized_key.ts";
import { publicKeyAt } from "../../lib/ssh_signature/public_key.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { Content } from "../../lib/tree/entry.ts";
import counter from "./slots/counter.sh" with { type: "text" };
import efi from "./slots/efi.sh" with { type: "text" };
import secureBoot from "./slots/secure_boot.sh" with { type: "text" };
import guard from "./slots/guard.sh" with { type: "text" };
import towerSlot from "./slots/tower-slot.sh" with { type: "text" };
import tryboot from "./slots/tryboot.sh" with { type: "text" };
import service from "./slots/tower-slot.initd.sh" with { type: "text" };
import update from "./slots/update.sh" with { type: "text" };
import { type Stage, stageKind } from "./stage.ts";

const publicKey = line.superRefine((text, context) => {
  if (publicKeyAt(text) !== undefined) return;
  const message = authorizedKeyFault(text) ??
    'must be a public key of OpenSSH, such as "ssh-ed25519 AAAA... who"';
  context.addIssue({ code: "custom", message });
});

const spec = z.strictObject({
  kind: z.literal("slots"),
  ...forArches,
  loader: z.enum(["systemd-boot", "counter", "tryboot"]).describe(
    "Who counts the starts of a slot that is being tried. systemd-boot: itself, by names of entries; slot A " +
      "is the unified kernel image /boot/EFI/tower/a.efi of a disk with this loader, whose /boot is in the " +
      "partition esp. counter: " +
      "the initramfs (its part slots), in the partition slots, which holds /usr/lib/tower-slot/record; " +
      "one kernel starts both slots. tryboot: a Raspberry Pi's firmware, which tries a slot once when tower-slot " +
      "asks for it; the partitions 1 to 3 are autoboot, which holds /usr/lib/tower-slot/autoboot, boot-a and boot-b.",
  ),
  parts: z.record(
    z.string().regex(/^[a-z][a-z0-9]{0,15}$/, "must be a-z and 0-9, at most 16, a letter first"),
    fileName,
  ).refine((parts) => Object.hasOwn(parts, "root"), 'needs the part "root"').describe(
    "What an update writes: the name of its file by what the partitions are called before -a and -b. The " +
      "file of the part `program` becomes the slot's unified kernel image.",
  ),
  signers: z.array(publicKey).default([]).describe(
    "Public keys of OpenSSH: one of them must have signed an update (tower-build build --sign). Without any, " +
      "tower-slot takes what another program of the system has checked, as `tower upgrade` does, and no more.",
  ),
  tries: z.int().min(1).max(9).default(3).describe(
    "How often a new slot is started before it is given up.",
  ),
  deadline: z.int().min(10).max(3600).default(180).describe(
    "Seconds after the kernel's start by which a new slot must work.",
  ),
  watchdog: z.strictObject({
    module: serviceName.optional().describe(
      "Kernel module of one that no device asks for, such as softdog.",
    ),
    seconds: z.int().min(10).max(3600).default(60).describe("How long it waits for a word."),
  }).prefault({}).describe(
    "The watchdog, where the kernel has one: it starts a machine that hangs anew.",
  ),
}).superRefine(({ loader, parts }, context) => {
  if ((loader === "systemd-boot") === Object.hasOwn(parts, "program")) return;
  context.addIssue({
    code: "custom",
    path: ["parts"],
    message: loader === "systemd-boot"
      ? 'needs the part "program", which systemd-boot starts'
      : 'must have no part "program", which only systemd-boot starts',
  });
}).superRefine(({ loader, parts }, context) => {
  if (loader !== "tryboot" || Object.hasOwn(parts, "boot")) return;
  const message = 'needs the part "boot", which the firmware starts';
  context.addIssue({ code: "custom", path: ["parts"], message });
}).describe(
  "Makes the system one of two on its disk, of which one is updated while the other runs: puts in " +
    "tower-slot, which writes and judges them (docs/slots.md).",
);

export interface SlotsPlan extends z.infer<typeof spec> {
  /** What a boot menu shows. */
  readonly title: string;
  /** The manifest's, where it has one. */
  readonly version: string | undefined;
}

const origin = "stage:slots" as const;
const KEYGEN = "usr/bin/ssh-keygen";
/** Tells the firmware of a Raspberry Pi to try a slot. */
const MAILBOX = "usr/bin/vcmailbox";

/** Puts in what tells, judges and writes slots. */
const apply: Stage<SlotsPlan> = (tree, plan, { epoch }) => {
  const owned = { uid: 0, gid: 0, mtime: epoch, origin } as const;
  const put = (path: string, content: Content, mode: number) => {
    tree.putParents(path, origin, epoch);
    tree.replace({ ...owned, type: "file", path, mode, content });
  };
  if (plan.signers.length > 0 && tree.file(KEYGEN) === undefined) {
    throw new TowerError("not-found", `Cannot check updates: "/${KEYGEN}" is not in the tree`, {
      at: ["signers"],
      hint: "Add the package openssh-keygen",
    });
  }
  if (plan.loader === "tryboot") {
    if (tree.file(MAILBOX) === undefined) {
      throw new TowerError("not-found", `Cannot try slots: "/${MAILBOX}" is not in the tree`, {
        at: ["loader"],
        hint: "Add the package raspberrypi-utils-vcmailbox",
      });
    }
    const path = "usr/lib/tower-slot/autoboot/autoboot.txt";
    put(path, inlineText(firstAutoboot()), 0o600);
  }
  if (plan.loader === "counter") {
    put("usr/lib/tower-slot/record", { kind: "inline", bytes: firstSlotRecord() }, 0o600);
    put("usr/lib/tower-slot/record.sh", inlineText(slotRecord), 0o644);
  }
  put("usr/sbin/tower-slot", inlineText(towerSlot), 0o755);
  const ofLoader = {
    "systemd-boot": { efi, secure_boot: secureBoot },
    counter: { counter },
    tryboot: { tryboot },
  }[plan.loader];
  for (const [file, text] of Object.entries({ ...ofLoader, guard, update })) {
    put(`usr/lib/tower-slot/${file}.sh`, inlineText(text), 0o644);
  }
  const { title: system, version } = plan;
  put(SLOT_SYSTEM, inlineText(slotSystemText({ system, version, epoch })), 0o644);
  put("etc/tower/slots.conf", inlineText(configuration(plan)), 0o644);
  put("etc/tower/slot-signers", inlineText(allowedSigners(plan.signers)), 0o644);
  tree.putParents("etc/tower/health.d/x", origin, epoch);
  put("etc/init.d/tower-slot", inlineText(service), 0o755);
  const link = "etc/runlevels/sysinit/tower-slot";
  tree.putParents(link, origin, epoch);
  tree.put({
    ...owned,
    type: "symlink",
    path: link,
    mode: 0o777,
    target: "/etc/init.d/tower-slot",
  });
};

/** /etc/tower/slots.conf: what tower-slot goes by, a word each line. */
function configuration({ loader, title, tries, deadline, parts, watchdog }: SlotsPlan): string {
  const { program, ...images } = parts;
  const pairs = Object.entries(images).map(([part, file]) => `${part}:${file}`);
  const values = {
    loader: loader === "systemd-boot" ? "efi" : loader,
    title,
    tries,
    deadline,
    signers: "/etc/tower/slot-signers",
    parts: pairs.join(" "),
    program: program ?? "",
    watchdog_module: watchdog.module ?? "",
    watchdog_seconds: watchdog.seconds,
  };
  return Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join("");
}

/** Keys that may sign files, and nothing else, as the principal `update` (ssh-keygen(1)). */
function allowedSigners(keys: readonly string[]): string {
  return keys.map((key) => `update namespaces="file" ${key}\n`).join("");
}

const HOW_TRIED = {
  "systemd-boot": "counted by systemd-boot",
  counter: "counted by the initramfs",
  tryboot: "asked of a Raspberry Pi",
} as const;

export const slots = stageKind({
  spec,
  plan: (spec, { named }): SlotsPlan => ({
    ...spec,
    title: named.system,
    version: named.version,
  }),
  line: ({ loader, parts, tries }) =>
    `${Object.keys(parts).join(" ")} twice, ${tries} tries ${HOW_TRIED[loader]}`,
  apply,
});
