import type { StageContext } from "../../build/stages/stage.ts";
import { silent } from "../../lib/report/event.ts";

const unused = () => {
  throw new Error("the stage needs no blob here");
};

/** A context for stages that read and write inline content only. */
export function stageContext(epoch: number): StageContext {
  return {
    reader: { open: unused },
    blobs: { writer: unused },
    arch: "x86_64",
    epoch,
    reporter: silent,
  };
}
