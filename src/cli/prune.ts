/** `bregman prune`: the smallest weights of a run's network become zero. */
import type { Command } from "commander";
import { InputError } from "../errors.js";
import type { ComputingFlags } from "./computing.js";
import { addDeriveOptions, derive } from "./derive.js";
import { decimal, oneOf } from "./options.js";

interface PruneFlags extends ComputingFlags {
  readonly density?: number;
  readonly threshold?: number;
  readonly groups: "entries" | "kernels";
  readonly bn?: boolean;
}

/** What the command says and takes. */
export function definePrune(command: Command): void {
  command.description(
    "Sets the smallest weights to zero, to a density or by a threshold, and writes the network beside the run's.",
  );
  addDeriveOptions(command)
    .option(
      "--density <d>",
      "share of the weights to keep, the largest of all layers",
      decimal("--density", "a number above 0 and at most 1", (value) => value > 0 && value <= 1),
    )
    .option(
      "--threshold <t>",
      "or: cut weights smaller than this",
      decimal("--threshold", "a number above 0", (value) => value > 0),
    )
    .option(
      "--groups <kind>",
      "of convolutions cut single weights (entries) or whole kernels (kernels)",
      oneOf("--groups", ["entries", "kernels"]),
      "entries",
    )
    .option("--bn", "then estimate the statistics of batch norm anew, on training samples")
    .addHelpText("after", "\nExample:\n  bregman prune runs/first --density 0.02")
    .action(async (run: string, { density, threshold, groups, bn, ...flags }: PruneFlags) => {
      if ((density === undefined) === (threshold === undefined)) {
        const found = density === undefined ? "neither" : "both";
        throw new InputError(`prune needs either --density or --threshold, found ${found}`);
      }
      const { prune } = await import("../export/prune.js");
      const { reestimateBatchNorm } = await import("../train/batch-norm-statistics.js");
      const size = density === undefined ? { threshold: threshold! } : { density };
      const name = density === undefined ? `t${threshold}` : `d${density}`;
      await derive(run, flags, {
        what: [
          "pruned",
          name,
          ...(groups === "kernels" ? [groups] : []),
          ...(bn ? ["bn"] : []),
        ].join("-"),
        change(network, data, options) {
          if (bn && network.buffers.size === 0) {
            throw new InputError(
              "--bn: the network has no batch norm whose statistics could be estimated",
            );
          }
          const pruned = prune(network, { ...size, groups });
          return bn ? reestimateBatchNorm(pruned, data, options) : pruned;
        },
      });
    });
}
