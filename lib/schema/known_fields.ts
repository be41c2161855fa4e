import { z } from "zod";

/** The names of fields that a schema knows at a path, in whichever of its forms. */
export function knownFields(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return [...new Set(reached(schema, path).flatMap(fieldsOf))];
}

function fieldsOf(schema: z.core.$ZodType): string[] {
  return formsOf(schema).flatMap((s) => s instanceof z.ZodObject ? Object.keys(s.shape) : []);
}

function reached(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  const [first, ...rest] = path;
  if (first === undefined) return [schema];
  return formsOf(schema).flatMap((form): z.core.$ZodType[] => {
    if (form instanceof z.ZodObject) {
      return Object.hasOwn(form.shape, first) ? [form.shape[first as string]] : [];
    }
    if (form instanceof z.ZodArray) return [form.element];
    if (form instanceof z.ZodRecord) return [form.valueType];
    return [];
  }).flatMap((next) => reached(next, rest));
}

/** The schemas of which a value may be, without what may be left out or is made of them. */
function formsOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(formsOf);
  if (schema instanceof z.ZodPipe) return formsOf(schema.in);
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) return formsOf(schema.def.innerType);
  return [schema];
}
