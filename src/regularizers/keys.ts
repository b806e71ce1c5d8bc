/** Keys of recipes that several regularizers have. */
import { GROUPS } from "./groups.js";

export const LAMBDA = { type: "number", least: 0, about: "Strength of the regularizer" } as const;
export const MU = { type: "number", least: 0, about: "Weight of |theta|^2 / 2" } as const;
export const GROUPS_KEY = {
  type: "choice",
  of: GROUPS,
  default: "rows",
  about: "Which weights stand and fall together",
} as const;
