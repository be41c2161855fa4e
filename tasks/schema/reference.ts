/** The part of JSON Schema that zod writes for the manifest's table. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
}

/** The manifest's reference page in Markdown, from its JSON Schema. */
export function manifestReference(schema: JsonSchema): string {
  const lines = [
    "# What a manifest may say",
    "",
    "A manifest is one YAML 1.2 document. Unknown fields are errors. This page and",
    "[manifest.schema.json](manifest.schema.json) are generated from the table that decodes manifests",
    "(`deno task schema`).",
    "",
    "## The document",
    "",
    ...fieldTable(schema),
  ];
  const { sources, stages, outputs } = schema.properties ?? {};
  const disk = outputs?.items?.oneOf?.find((kind) => kind.properties?.kind?.const === "disk");
  const content = disk?.properties?.partitions?.items?.properties?.content;
  return [
    ...lines,
    ...section("Sources", sources?.description, valuesOf(sources)),
    ...section("Stages", stages?.description, stages?.items),
    ...section("Outputs", outputs?.description, outputs?.items),
    ...section("Contents of partitions", content?.description, content),
  ].join("\n") + "\n";
}

/** What a mapping by names holds. */
function valuesOf(field: JsonSchema | undefined): JsonSchema {
  const values = field?.additionalProperties;
  return typeof values === "object" ? values : {};
}

/** A table for each of some kinds. */
function section(title: string, text = "", kinds: JsonSchema = {}): string[] {
  return [
    ...["", `## ${title}`, "", text],
    ...(kinds.oneOf ?? []).flatMap((kind) => [
      ...["", `### ${kind.properties?.kind?.const}`, "", kind.description ?? "", ""],
      ...fieldTable(kind),
    ]),
  ];
}

function fieldTable(schema: JsonSchema, prefix = ""): string[] {
  const rows = fieldRows(schema, prefix);
  return ["| field | value | meaning |", "| --- | --- | --- |", ...rows];
}

/** One row a field, the fields of objects inside behind it. */
function fieldRows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (name === "kind" && prefix === "") return [];
    const path = prefix + name;
    const isNeeded = schema.required?.includes(name) && field.default === undefined;
    const value = [valueOf(field), isNeeded ? "needed" : defaultOf(field)].filter((t) => t !== "");
    const row = `| \`${path}\` | ${value.join("; ")} | ${cell(field.description ?? "")} |`;
    return [row, ...inner(field, path)];
  });
}

function inner(field: JsonSchema, path: string): string[] {
  if (field.properties) return fieldRows(field, `${path}.`);
  const named = field.additionalProperties;
  if (typeof named === "object" && named.properties) return fieldRows(named, `${path}.NAME.`);
  const form = field.anyOf?.find(({ properties }) => properties);
  if (form) return fieldRows(form, `${path}.`);
  const item = field.items;
  if (item?.properties) return fieldRows(item, `${path}[].`);
  const variants = item?.anyOf ?? [];
  const seen = new Set<string>();
  return variants.flatMap((v) => fieldRows(v, `${path}[].`)).filter((row) => {
    const isNew = !seen.has(row);
    seen.add(row);
    return isNew;
  });
}

function valueOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants?.some((v) => !v.properties)) return variants.map(valueOf).join(" or ");
  if (schema.type === "array") {
    return schema.items?.enum ? `list of ${valueOf(schema.items)}` : "list";
  }
  if (schema.type === "object" || variants) return "fields";
  return schema.type === "integer"
    ? "number"
    : schema.type === "string"
    ? "text"
    : schema.type ?? "";
}

function defaultOf(schema: JsonSchema): string {
  const { default: value } = schema;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "";
  return `default ${code(value)}`;
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
