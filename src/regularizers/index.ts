/**
 * Regularizers: one file each. What one is, and what its methods take, stands in regularizer.ts.
 */
export type { Floats, Regularizer, Shape } from "./regularizer.js";
export type { StandardForm } from "./standard-form.js";
export { none } from "./none.js";
export { l1 } from "./l1.js";
export { nonNegativeL1 } from "./non-negative-l1.js";
export { groupLasso, type GroupLasso, type GroupLassoOptions } from "./group-lasso.js";
export {
  sparseGroupLasso,
  type SparseGroupLasso,
  type SparseGroupLassoOptions,
} from "./sparse-group-lasso.js";
export { elasticNet, type ElasticNet, type ElasticNetOptions } from "./elastic-net.js";
export {
  groupElasticNet,
  type GroupElasticNet,
  type GroupElasticNetOptions,
} from "./group-elastic-net.js";
export { scaled } from "./scaled.js";
export { sum } from "./sum.js";
export { onRows } from "./on-rows.js";
export { box, type Box, type BoxOptions } from "./box.js";
export { lInfinity } from "./l-infinity.js";
export { nuclear } from "./nuclear.js";
export { GROUPS, type Groups } from "./groups.js";
