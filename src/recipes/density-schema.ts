/**
 * Entries that steer which weights there are: the density that a run is to come to, and frozen
 * steps.
 */
import * as z from "../bundled/zod.js";
import { found } from "./union-fault.js";

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().positive();

const target = positive.max(1);
export const targetDensity = z
  .union(
    [
      target,
      z.strictObject({
        targets: z
          .strictObject({
            net: target.optional().describe("Of all weights together"),
            weights: target.optional().describe("Of the linear layers together"),
            convs: target.optional().describe("Of the convolutions together"),
            layers: z
              .record(z.string(), target)
              .optional()
              .describe("Of single layers, each with a lambda of its own"),
          })
          .superRefine(({ layers = {}, ...parts }, context) => {
            const given = Object.entries(parts).flatMap(([part, value]) =>
              value === undefined ? [] : [part],
            );
            const all = [...given, ...Object.keys(layers)];
            if (all.length > 0 && (parts.net === undefined || all.length === 1)) return;
            const message =
              "expected one of the net, or of weights, convs and layers, found " +
              `${all.join(", ") || "none"}`;
            context.addIssue({ code: "custom", message });
          })
          .describe("Densities: of the net, or of weights, convs and layers"),
        rule: z
          .enum(["relative", "discrepancy"])
          .optional()
          .describe("How lambda moves: by a factor (default), or by steps of a fixed size"),
        every: count.optional().describe("Steps between two looks"),
        after: z.int().nonnegative().optional().describe("Epochs before the first one"),
        gain: positive
          .optional()
          .describe("lambda <- lambda (density / target)^(gain x the schedule's factor on tau)"),
        ramp: fraction
          .optional()
          .describe("Share of the run in which the target rises from the density at the start"),
        increment: positive.optional().describe("Of the discrepancy rule"),
      }),
    ],
    found("a density, or an object with targets"),
  )
  .describe("Moves lambda so that the run comes to this density");

const coarse = z
  .int()
  .nonnegative()
  .describe("Frozen steps after each one that may change the patterns");
export const freeze = z
  .union(
    [
      coarse,
      z.strictObject({
        coarse,
        after: z.int().nonnegative().optional().describe("Epochs of exact steps before"),
        births: positive
          .max(1)
          .optional()
          .describe("Births that a cycle may bring, as a share of the non-zeros: m follows"),
        lambda: z.enum(["scaled", "kept"]).optional().describe("scaled: lambda / (m + 1)"),
        fixedAfter: z
          .int()
          .nonnegative()
          .optional()
          .describe("Epochs after which patterns and lambda stay what they are"),
      }),
    ],
    found("a number of frozen steps, or an object with coarse"),
  )
  .describe("Steps that move only the weights that are there");
