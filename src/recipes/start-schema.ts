/** A network that a run starts from, in a recipe. */
import * as z from "../bundled/zod.js";
import { found } from "./union-fault.js";

const file = z
  .string()
  .min(1)
  .describe("File of a network: of bregman, or a state dict of PyTorch in safetensors");

export const start = z
  .union(
    [
      file,
      z.strictObject({
        file,
        map: z
          .record(z.string(), z.string())
          .optional()
          .describe("Of a state dict: by layer or tensor its module or tensor, where names differ"),
        fresh: z
          .array(z.string())
          .min(1)
          .optional()
          .describe("Layers that are drawn by init all the same, such as one for other classes"),
      }),
    ],
    found("a file, or an object with file"),
  )
  .describe("Begins with the parameters of a network in a file, in place of drawn ones");

export type StartEntry = z.infer<typeof start>;

/** The entry in full. */
export function startEntry(said: StartEntry): Exclude<StartEntry, string> {
  return typeof said === "string" ? { file: said } : said;
}
