/** `bregman new`: a recipe for one's own data. */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../errors.js";

interface NewFlags {
  readonly target?: string;
  readonly out?: string;
  readonly force?: true;
}

/** What the command says and takes. */
export function defineNew(command: Command): void {
  command
    .description(
      "Looks at your data and writes a recipe that trains on them, with comments on what to " +
        "change. A table, CSV or Parquet; a .npz archive; or a folder with a folder of images " +
        "or sounds for each class.",
    )
    .argument("<data>", "a file or folder")
    .option("--target <column>", "of a table: what is to be told (default: by name, or the last)")
    .option("--out <file>", "the recipe (default: the data's name, .jsonc)")
    .option("--force", "write over a recipe that is there")
    .addHelpText("after", "\nExample:\n  bregman new penguins.csv\n  bregman train penguins.jsonc")
    .action(run);
}

async function run(path: string, { target, out, force }: NewFlags): Promise<void> {
  const { newRecipe } = await import("../recipes/new-recipe.js");
  const { nameFrom } = await import("../recipes/new-source.js");
  const { schemaFrom } = await import("../recipes/schema-file.js");
  const { writeFileAtomic } = await import("../atomic-file.js");
  const { rebasePath } = await import("../data/source.js");
  const file = out ?? `${nameFrom(path)}.jsonc`;
  if (existsSync(file) && !force)
    throw new InputError(`${file} is there already: expected another --out, or --force`);
  const folder = dirname(resolve(file));
  const { text, found } = newRecipe(path, {
    target,
    schema: schemaFrom(folder),
    writtenPath: rebasePath(path, process.cwd(), folder),
  });
  writeFileAtomic(file, text);
  const lines = [...found, "", `recipe: ${file}`, "", `bregman train ${relative("", file)}`];
  process.stdout.write(`${lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n")}\n`);
}
