/**
 * Writes dist/recipe.schema.json, the JSON schema to which `"$schema"` of a recipe leads editors.
 * `npm run build` does so last.
 */
import { writeFileSync } from "node:fs";
import { recipeJsonSchema } from "../dist/recipes/schema.js";

const file = new URL("../dist/recipe.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(recipeJsonSchema())}\n`);
