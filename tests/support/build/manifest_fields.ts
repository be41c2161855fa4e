type Fields = Record<string, unknown>;

/** Paths of the values that hold no fields of their own; a stage or output is named by its kind. */
export function fieldsOf(schema: Fields, path: string): string[] {
  // The stages of any tree are what those of the root are, and so are outputs in them.
  if (path === "trees{}.stages" || path === "stages[embed].output") return [path];
  const forms = (schema["oneOf"] ?? schema["anyOf"]) as Fields[] | undefined;
  const objects = forms?.filter((form) => form["type"] === "object");
  if (forms !== undefined && objects !== undefined && objects.length > 0) {
    const plain = forms.length > objects.length ? [path] : [];
    return plain.concat(objects.flatMap((form) => {
      const kind = ((form["properties"] as Fields)["kind"] as Fields | undefined)?.["const"];
      const name = kind === undefined ? path : path.replace(/(\[\]|\{\})$/, `[${kind}]`);
      return fieldsOf(form, name);
    }));
  }
  const inner = (schema["items"] ?? {}) as Fields;
  if (inner["properties"] ?? inner["oneOf"] ?? inner["anyOf"]) {
    const found = fieldsOf(inner, `${path}[]`);
    if (found.length > 1 || found[0] !== `${path}[]`) return found;
  }
  const named = (schema["additionalProperties"] || {}) as Fields;
  if (named["properties"] ?? named["oneOf"]) return fieldsOf(named, `${path}{}`);
  const properties = schema["properties"] as Record<string, Fields> | undefined;
  if (properties === undefined) return [path];
  return Object.entries(properties).filter(([name]) => name !== "kind").flatMap(([name, value]) =>
    fieldsOf(value, path === "" ? name : `${path}.${name}`)
  );
}
