import { z } from "zod";
import { atField, TowerError } from "../../lib/errors.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { digestsOf } from "../../lib/format/verity/digests.ts";
import { VerityTree } from "../../lib/format/verity/tree.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { treePath } from "../../lib/schema/scalars.ts";
import { identityOf, sourceOf } from "../../lib/tree/content.ts";
import { sizeOf } from "../../lib/tree/entry.ts";
import { type Stage, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("verity"),
  ...forArches,
  data: treePath.describe(
    "A file of the tree, such as a squashfs that embed made: whole blocks of 4096 bytes.",
  ),
  path: treePath.describe("Where its hash device goes."),
}).describe(
  "Makes the dm-verity superblock and hash tree (SHA-256, no salt) of a file. A stage uki behind it knows " +
    "the root hash as {roothash:PATH}.",
);

type Plan = z.infer<typeof spec>;

/** What is public anyway needs none. */
const NO_SALT = new Uint8Array();

const apply: Stage<Plan> = async (tree, plan, { reader, content, epoch, breathe }) => {
  const file = tree.file(plan.data);
  if (!file) {
    throw new TowerError("not-found", `Cannot hash "/${plan.data}": no such file is in the tree`, {
      at: ["data"],
    });
  }
  const data = sourceOf(reader, file.content);
  const uuid = uuidFrom(`${identityOf(file.content)} hash device`);
  const hashes = await content("none", async (blob) => {
    const options = { uuid, salt: NO_SALT };
    const made = atField(["data"], () => new VerityTree(sizeOf(file.content), options, blob));
    for (const run of made.runs()) {
      made.add(digestsOf(data, run, NO_SALT));
      await breathe();
    }
    made.end();
  });
  const origin = "stage:verity";
  atField(["path"], () => {
    tree.putParents(plan.path, origin, epoch);
    tree.replace({
      ...{ type: "file", path: plan.path, mode: 0o644, uid: 0, gid: 0, mtime: epoch },
      ...{ origin, content: hashes },
    });
  });
};

export const verity = stageKind({
  spec,
  plan: (spec) => spec,
  line: ({ data, path }) => `/${path} of /${data}`,
  apply,
});
