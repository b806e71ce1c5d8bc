/** All public names, for tests that are about all of them. */
export * from "#bregman/data/index.js";
export * from "#bregman/export/index.js";
export * from "#bregman/nn/index.js";
export * from "#bregman/optim/index.js";
export * from "#bregman/predict/index.js";
export * from "#bregman/regularizers/index.js";
export * from "#bregman/track/index.js";
export * from "#bregman/train/index.js";
