/** `bregman export`: a run's network in a file for elsewhere. */
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { checkIdentifier } from "../export/c/text.js";
import { oneOf } from "./options.js";

/** Formats, with how the new file's name ends. */
const FORMATS = {
  onnx: ".onnx",
  "onnx-sparse": "-sparse.onnx",
  sparse: "-sparse.safetensors",
  c: ".c",
} as const;
type Format = keyof typeof FORMATS | typeof EVENTS;

/** The format that is of the run, not of its network. */
const EVENTS = "tensorboard";

interface ExportFlags {
  readonly format: Format;
  readonly name?: string;
  readonly values?: "float32" | "float16" | "int8";
}

/** What the command says and takes. */
export function defineExport(command: Command): void {
  command
    .description(
      "Writes the network of a run, or a smaller one made of it, in another format beside it.",
    )
    .argument("<run>", "a run folder, or a network in a file, also of ONNX")
    .requiredOption(
      "--format <format>",
      "onnx: for ONNX Runtime and others; onnx-sparse: the same, with the non-zeros " +
        "only of weights below a third of density; sparse: for bregman itself, the " +
        "non-zeros only; c: a function in C99 that needs no library, for boards and other " +
        "languages (the network is simplified first); tensorboard: the run's curves and " +
        "weights as events for TensorBoard",
      oneOf("--format", [...Object.keys(FORMATS), EVENTS] as Format[]),
    )
    .option(
      "--values <kind>",
      "of a sparse file or of C: float32 (default) or int8, of a sparse file float16, too; gzip " +
        "or brotli make such a file smaller still",
      oneOf("--values", ["float32", "float16", "int8"]),
    )
    .option("--name <name>", 'of the function in C (default: "predict")', identifier)
    .addHelpText(
      "after",
      "\nExamples:\n  bregman export runs/first/model-simplified.safetensors --format onnx\n" +
        "  bregman export runs/first --format sparse --values int8\n" +
        "  bregman export runs/first --format c --name digit --values int8\n" +
        "  bregman export runs/first --format tensorboard",
    )
    .action(async (run: string, { format, name, values }: ExportFlags) => {
      if (name !== undefined && format !== "c")
        throw new InputError(`--name is for --format c, found --format ${format}`);
      const takes = format === "sparse" || (format === "c" && values !== "float16");
      if (values !== undefined && !takes) {
        const others = values === "float16" ? "sparse" : "sparse and c";
        throw new InputError(
          `--values ${values} is for --format ${others}, found --format ${format}`,
        );
      }
      if (format === EVENTS) {
        const { exportTensorBoard } = await import("./export-tensorboard.js");
        process.stdout.write(`  ${exportTensorBoard(run)}\n`);
        return;
      }
      const { openNetwork, derivedFile } = await import("../runs/saved-run.js");
      const { encodeModel } = await import("../export/model-format.js");
      const { encodeOnnx } = await import("../export/onnx/onnx.js");
      const { encodeC } = await import("../export/c/encode-c.js");
      const { writeFileAtomic } = await import("../atomic-file.js");
      const { bytes } = await import("../report/format.js");
      const { file, recipe, network } = openNetwork(run);
      const metadata: Record<string, string> = recipe
        ? { recipe: recipe.name, seed: String(recipe.seed) }
        : {};
      const onnx = (sparse: boolean) => encodeOnnx(network, { metadata, sparse });
      const encode = {
        sparse: () => encodeModel(network, metadata, { sparse: true, values }),
        onnx: () => onnx(false),
        "onnx-sparse": () => onnx(true),
        c: () => {
          const kind = values === "int8" ? values : "float32";
          return new TextEncoder().encode(encodeC(network, { name, values: kind, metadata }));
        },
      };
      const content = encode[format]();
      const kind = values === undefined || values === "float32" ? "" : `-${values}`;
      const out = derivedFile(file, `${kind}${FORMATS[format]}`);
      if (out === file) throw new InputError(`cannot write ${out}: it is the file that is read`);
      writeFileAtomic(out, content);
      process.stdout.write(`  ${out}  ${bytes(content.length)}\n`);
    });
}

function identifier(name: string): string {
  checkIdentifier("--name", name);
  return name;
}
