/** `bregman simplify`: the smallest network that computes what a run's network computes. */
import type { Command } from "commander";
import type { ComputingFlags } from "./computing.js";
import { addDeriveOptions, derive } from "./derive.js";
import { decimal } from "./options.js";

interface SimplifyFlags extends ComputingFlags {
  readonly pod?: number | true;
}

/** What the command says and takes. */
export function defineSimplify(command: Command): void {
  command.description(
    "Folds batch norm, removes dead units, channels and kernels, and writes the smaller network beside the run's.",
  );
  addDeriveOptions(command)
    .option(
      "--pod [tolerance]",
      "before that, cut an autoencoder's latent space to the rank of its last encoder matrix (default: 1e-6)",
      decimal("--pod", "a number of at least 0 and below 1", (value) => value >= 0 && value < 1),
    )
    .addHelpText("after", "\nExample:\n  bregman simplify runs/first")
    .action(async (run: string, { pod, ...flags }: SimplifyFlags) => {
      const { simplify } = await import("../export/simplify/simplify.js");
      const { latentPod } = await import("../export/latent-pod.js");
      await derive(run, flags, {
        // What loses something must not take the place of what does not.
        what: pod === undefined ? "simplified" : `simplified-pod${pod === true ? "" : pod}`,
        change(network) {
          if (pod === undefined) return simplify(network);
          return simplify(latentPod(network, pod === true ? {} : { tolerance: pod }));
        },
      });
    });
}
