/** How recipes say sides.ts's options. Whole objects, so that bundlers see that they do nothing. */
const SIDE = { type: "integer", above: 0 } as const;
const PADDING = { type: "integer", least: 0 } as const;
const TWO_SIDES = { type: "tuple", of: [SIDE, SIDE] } as const;
const TWO_PADDINGS = { type: "tuple", of: [PADDING, PADDING] } as const;
const AXIS = { type: "either", of: [PADDING, TWO_PADDINGS], says: "a number, or two" } as const;
const TWO_AXES = { type: "tuple", of: [AXIS, AXIS] } as const;
const PAIR_SAYS = "a number, or [height, width]";
const SIDES_SAYS = "a number, [vertical, horizontal] or [[top, bottom], [left, right]]";

export const SIZE_KEY = {
  type: "either",
  of: [SIDE, TWO_SIDES],
  says: PAIR_SAYS,
  about: "One side, or [height, width]",
} as const;

export const STRIDE_KEY = {
  type: "either",
  of: [SIDE, TWO_SIDES],
  says: PAIR_SAYS,
  default: 1,
  about: "One number, or [down, across]",
} as const;

export const POOL_STRIDE_KEY = {
  type: "either",
  of: [SIDE, TWO_SIDES],
  says: PAIR_SAYS,
  optional: true,
  about: "One number, or [down, across]; as far as the window is large unless given",
} as const;

export const PADDING_KEY = {
  type: "either",
  of: [PADDING, TWO_AXES],
  says: SIDES_SAYS,
  default: 0,
  about: "Border around the image",
} as const;

export const CONV_PADDING_KEY = {
  type: "either",
  of: [PADDING, TWO_AXES, { type: "choice", of: ["same"] }],
  says: `${SIDES_SAYS}, or "same"`,
  default: 0,
  about: 'Zeros around the image; "same": as many as leave it its size',
} as const;
