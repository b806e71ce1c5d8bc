// Writes docs/recipes.md from the schema of recipes. After `npm run build`:
//   node scripts/recipes-page.mjs          rewrites the page
//   node scripts/recipes-page.mjs --check  exits 1 with one line if the page is not what it would
//                                          write
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { recipeJsonSchema } from "../dist/recipes/schema.js";
import { markdown, words } from "./markdown.mjs";

const PAGE = fileURLToPath(new URL("../docs/recipes.md", import.meta.url));
const LARGEST = Number.MAX_SAFE_INTEGER;

const code = (text) => `\`${text}\``;
const json = (value) => code(JSON.stringify(value));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Without what a place says of itself: the same schema may stand in several places. */
const bare = (schema) => ({ ...schema, description: undefined, default: undefined });

/** Sections of objects and of their kinds, in the order in which they are first met. */
const sections = [];

/** The members of a union; of all else one. */
const members = (schema) => schema.oneOf ?? schema.anyOf ?? [schema];
const isObject = (schema) => schema.type === "object" && schema.properties !== undefined;

/** `data.augment.crop` is "crop of augment". */
const titleOf = (path) => path.split(".").slice(-2).reverse().join(" of ");

/** A link to the section of an object, or of a union of objects; it is made where there is none. */
function link(schema, path) {
  const key = JSON.stringify(members(schema).map(bare));
  let section = sections.find((one) => one.key === key);
  if (!section) {
    section = { key, path };
    sections.push(section);
    section.text = body(members(schema), path);
  }
  // A title whose anchor is the same wherever the page is shown.
  const anchor = titleOf(section.path).replaceAll(" ", "-").toLowerCase();
  return `[${titleOf(section.path)}](#${anchor})`;
}

/** Bounds of a number in words, if it has any. */
function bounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }) {
  const from = minimum !== undefined && minimum !== -LARGEST ? `from ${minimum}` : "";
  const above = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : "";
  const to = maximum !== undefined && maximum !== LARGEST ? `to ${maximum}` : "";
  const below = exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : "";
  return [from, above, to, below].filter(Boolean).join(" ");
}

/** What may stand there, in words. */
function type(schema, path) {
  const many = members(schema);
  if (many.every(isObject)) return link(schema, path);
  if (many.length > 1) {
    const objects = many.filter(isObject);
    const others = many.filter((one) => !isObject(one)).map((one) => type(one, path));
    return [...others, ...(objects.length > 0 ? [link({ oneOf: objects }, path)] : [])].join(", ");
  }
  if (schema.const !== undefined) return json(schema.const);
  if (schema.enum) return schema.enum.map(json).join(", ");
  if (schema.prefixItems) return `list of ${schema.prefixItems.length}`;
  if (schema.type === "array") return `list: ${type(schema.items, path)}`;
  if (schema.type === "object") return `by name: ${type(schema.additionalProperties, path)}`;
  if (schema.type === "string") return "text";
  if (schema.type === "boolean") return "true, false";
  return `${schema.type === "integer" ? "whole number" : "number"} ${bounds(schema)}`.trim();
}

/** A table of keys, each with its schema and whether it must be there. */
function table(keys, path) {
  const rows = keys.map(({ name, schema, required, more = "" }) => [
    code(name),
    type(schema, path === "" ? name : `${path}.${name}`),
    required ? "must be there" : schema.default === undefined ? "" : json(schema.default),
    `${schema.description ?? ""}${more}`,
  ]);
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  return markdown(["key", "what", "default", "meaning"], escaped);
}

const keysOf = ({ properties, required = [] }) =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name) && schema.default === undefined,
  }));

/** One object: its keys. Several: the keys that most of them have, then each by its kind. */
function body(objects, path) {
  if (objects.length === 1) return table(keysOf(objects[0]), path);
  const kinds = objects.map((object) => {
    const { kind, ...properties } = object.properties;
    const name = kind.const;
    return { name, description: object.description, keys: keysOf({ ...object, properties }) };
  });
  const has = ({ keys }, key) => keys.some((one) => same(one, key));
  const all = kinds.flatMap(({ keys }) => keys);
  const common = all
    .filter((key, at) => all.findIndex((one) => same(one, key)) === at)
    .map((key) => ({ key, lacking: kinds.filter((kind) => !has(kind, key)) }))
    .filter(({ lacking }) => kinds.length > 2 && lacking.length < kinds.length / 2);
  const shared = common.map(({ key, lacking }) => {
    const names = lacking.map(({ name }) => json(name)).join(", ");
    return { ...key, more: names && ` (${key.schema.description ? "not" : "Not"} of ${names})` };
  });
  const parts = kinds.map(({ name, description, keys }) => {
    const own = keys.filter((key) => !common.some((one) => same(one.key, key)));
    const head = `**${json(name)}**${description ? `: ${description}.` : ""}`;
    return own.length === 0 ? head : `${head}\n\n${table(own, path)}`;
  });
  const every = shared.length === 0 ? "" : `Keys of every kind:\n\n${table(shared, path)}\n\n`;
  return `It is told by its \`kind\`.\n\n${every}${parts.join("\n\n")}`;
}

const whole = table(keysOf(recipeJsonSchema()), "");
const page = `# Recipes

A recipe is one JSON file that states an experiment in full: data, network, optimizer, epochs, seed.
\`bregman new\` writes one for your data, \`bregman recipes\` lists those that are there, and
\`bregman train\` runs it. Comments are allowed. A key that is not on this page, or a wrong value, is
an error that says where it stands and what was expected.

These are all keys. Where no default stands, a key that is left out does nothing, unless its meaning
says more. This page is written by \`scripts/recipes-page.mjs\`.

**In an editor.** With \`"$schema"\` an editor completes the keys and explains them. It is the path
of a file in the installed package; in a recipe beside \`node_modules\` it is
\`"./node_modules/bregman/dist/recipe.schema.json"\`. Recipes that we write have it: those of
\`bregman new\`, \`bregman recipes NAME\` (for a file in the folder where you are) and run folders,
and a sweep's \`best.json\`. After moving one to another folder, mend the path; training ignores it.

## The recipe

${whole}

${sections.map(({ path, text }) => `## ${titleOf(path)}\n\n${text}`).join("\n\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(PAGE, page);
else if (words(readFileSync(PAGE, "utf8")) !== words(page)) {
  console.error("docs/recipes.md is not what the schema says: node scripts/recipes-page.mjs");
  process.exit(1);
}
