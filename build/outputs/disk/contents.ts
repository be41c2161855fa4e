import { kindOf, specsOf } from "../../../lib/schema/kind.ts";
import type { AnyContent, ContentPlanning, LaidOut, LayOutContext } from "./content.ts";
import { ext4 } from "./contents/ext4.ts";
import { fat } from "./contents/fat.ts";

/** Every kind of content. */
const CONTENTS = [fat, ext4] as const;

/** A kind, whichever it is: its specs and plans are its own. */
export interface AnyContentKind {
  readonly plan: (spec: AnyContent, planning: ContentPlanning) => AnyContent;
  readonly rootWords?: (plan: AnyContent) => string;
  readonly layOut: (plan: AnyContent, context: LayOutContext) => LaidOut;
}

export const contentOf = kindOf<AnyContentKind>(CONTENTS);
export const contentSpecs = specsOf(CONTENTS);
