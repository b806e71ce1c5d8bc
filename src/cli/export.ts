/** `bregman export`: a run's network in a file for elsewhere. */
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { oneOf } from "./options.js";

/** Formats, with how the new file's name ends. */
const FORMATS = {
  onnx: ".onnx",
  "onnx-sparse": "-sparse.onnx",
  sparse: "-sparse.safetensors",
} as const;
type Format = keyof typeof FORMATS;

interface ExportFlags {
  readonly format: Format;
  readonly values?: "float32" | "float16" | "int8";
}

/** What the command says and takes. */
export function defineExport(command: Command): void {
  command
    .description(
      "Writes the network of a run, or a smaller one made of it, in another format beside it.",
    )
    .argument("<run>", "a run folder, or a network in one")
    .requiredOption(
      "--format <format>",
      "onnx: for ONNX Runtime and others; onnx-sparse: the same, with the non-zeros " +
        "only of weights below a third of density; sparse: for bregman itself, the " +
        "non-zeros only",
      oneOf("--format", Object.keys(FORMATS) as Format[]),
    )
    .option(
      "--values <kind>",
      "of a sparse file: float32 (default), float16 or int8; gzip or brotli make it smaller still",
      oneOf("--values", ["float32", "float16", "int8"]),
    )
    .addHelpText(
      "after",
      "\nExample:\n  bregman export runs/first/model-simplified.safetensors --format onnx\n  bregman export runs/first --format sparse --values int8",
    )
    .action(async (run: string, { format, values }: ExportFlags) => {
      if (values !== undefined && format !== "sparse")
        throw new InputError(`--values ${values} is for --format sparse, found --format ${format}`);
      const { openRun, derivedFile } = await import("../runs/saved-run.js");
      const { encodeModel } = await import("../export/model-format.js");
      const { encodeOnnx } = await import("../export/onnx/onnx.js");
      const { writeFileAtomic } = await import("../atomic-file.js");
      const { bytes } = await import("../report/format.js");
      const { file, recipe, network } = openRun(run);
      const metadata = { recipe: recipe.name, seed: String(recipe.seed) };
      const content =
        format === "sparse"
          ? encodeModel(network, metadata, { sparse: true, values })
          : encodeOnnx(network, { metadata, sparse: format === "onnx-sparse" });
      const kind = values === undefined || values === "float32" ? "" : `-${values}`;
      const out = derivedFile(file, `${kind}${FORMATS[format]}`);
      writeFileAtomic(out, content);
      process.stdout.write(`  ${out}  ${bytes(content.length)}\n`);
    });
}
