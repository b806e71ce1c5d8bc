/**
 * Names of the data sets that can be loaded and downloaded. Apart from their loaders, so that
 * naming one loads no code.
 */

/** All names, in the order they are listed to people. */
export const datasetNames = ["mnist", "fashion-mnist", "cifar10", "spoken-digits"] as const;

/** Name of a data set that can be loaded. */
export type DatasetName = (typeof datasetNames)[number];
