/** Entries of optimizers with a mask: magnitude pruning, SET, RigL, and the cut after Lasso-SGD. */
import * as z from "../bundled/zod.js";
import { SPREADS } from "../layer-densities.js";

const fraction = z.number().min(0).max(1);
const density = z.number().positive().max(1);

export const spread = z.enum(SPREADS).describe("How the density is spread over the layers");

/** What Lasso-SGD has beside its penalty. */
export const finalCut = {
  density: density
    .default(1)
    .describe("Share of the weights kept in the end: in the last step the smallest are cut"),
  spread: spread.default("uniform"),
};

const common = {
  tau: z.number().positive().describe("Learning rate"),
  momentum: z.number().min(0).lt(1).default(0).describe('For inner "plain"'),
  inner: z.enum(["plain", "adam"]).default("plain").describe("How the weights on the mask move"),
  every: z.int().positive().default(100).describe("Steps between two changes of the mask"),
};
const rewiring = {
  ...common,
  share: fraction
    .default(0.3)
    .describe("Share of the mask that is exchanged at first; it falls to 0 by a cosine"),
  until: fraction
    .default(0.75)
    .describe("The mask changes no more after this share of the training"),
};

/** Members of the union of optimizers. */
export const maskedOptimizers = [
  z
    .strictObject({
      kind: z.literal("magnitudePruning"),
      ...common,
      density: density.describe("Share of the weights that stay"),
      spread: spread.default("uniform"),
      start: fraction.default(0.25).describe("When the cuts begin, as a share of the training"),
      end: fraction
        .default(0.75)
        .describe("When the last cut is; equal to start: there is one cut"),
    })
    .describe("Trains densely and cuts the smallest weights"),
  z
    .strictObject({ kind: z.literal("sparseEvolution"), ...rewiring })
    .describe(
      "SET: small weights make room for others at random; the first mask is the non-zeros of the start",
    ),
  z
    .strictObject({ kind: z.literal("rigL"), ...rewiring })
    .describe("RigL: small weights make room for those with the largest gradient"),
] as const;

/** The keys of an optimizer's entry that {@link maskFaults} looks at. */
interface Entry {
  readonly kind: string;
  readonly inner?: string;
  readonly momentum?: number;
  readonly density?: number;
  readonly start?: number;
  readonly end?: number;
}

/**
 * What is wrong with an optimizer's mask: masks are for weights, and their options hang together.
 */
export function maskFaults(
  group: string,
  entry: Entry,
): { readonly path: string; readonly message: string }[] {
  const { kind, inner, momentum = 0, density: kept = 1, start = 0, end = 1 } = entry;
  const isMasked = maskedOptimizers.some(({ shape }) => shape.kind.value === kind);
  const isCut = kind === "lassoSgd" && kept < 1;
  if ((isMasked || isCut) && group !== "weights" && group !== "convs") {
    const [path, found] = isCut ? ["density", kept] : ["kind", `"${kind}"`];
    return [
      {
        path,
        message: `expected an optimizer without a mask: only weights and convs have one, found ${found}`,
      },
    ];
  }
  if (isMasked && inner === "adam" && momentum > 0) {
    return [{ path: "momentum", message: `expected 0 with inner "adam", found ${momentum}` }];
  }
  return end < start
    ? [{ path: "end", message: `expected at least start (${start}), found ${end}` }]
    : [];
}
