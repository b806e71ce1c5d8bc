/**
 * What a run says of itself as numbers with names, for programs that draw curves. A name's part
 * before the slash groups those that belong into one chart.
 */
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";

/** A number and its name, e.g. "density/linear1". */
export type Scalar = readonly [name: string, value: number];

/** All there is of a line of metrics. Numbers that are not finite are left out. */
export function scalarsOf(metrics: EpochMetrics): Scalar[] {
  const { trainLoss, validLoss, trainAccuracy, validAccuracy, testAccuracy, layers } = metrics;
  return present([
    ["loss/train", trainLoss],
    ["loss/validation", validLoss],
    ["accuracy/train", trainAccuracy],
    ["accuracy/validation", validAccuracy],
    // Of runs of earlier versions.
    ["accuracy/test", testAccuracy],
    ["accuracy/validation_top5", metrics.validTop5],
    ["regression/validation_mae", metrics.validMae],
    ["regression/validation_r2", metrics.validR2],
    ["similarity/validation", metrics.validSsim],
    ["density/all", metrics.density],
    ...layers.map(({ name, density }) => [`density/${name}`, density] as const),
    ...layers.map(({ name, activeUnits }) => [`active_units/${name}`, activeUnits] as const),
    ...layers.map(({ name, lambda }) => [`lambda/${name}`, lambda] as const),
    ["tau/weights", metrics.tau],
    ["births/all", metrics.births],
    ...layers.map(({ name, births }) => [`births/${name}`, births] as const),
    ["deaths/all", metrics.deaths],
    ...layers.map(({ name, deaths }) => [`deaths/${name}`, deaths] as const),
    ["regularizer/all", metrics.regularizer],
    ["seconds/total", metrics.seconds],
  ]);
}

/** What a run ends with; its test figures are of all test samples. */
export function finalScalars(final: Partial<FinalMetrics>): Scalar[] {
  return present([
    ["final/test_loss", final.testLoss],
    ["final/test_accuracy", final.testAccuracy],
    ["final/best_test_accuracy", final.best?.testAccuracy],
    ["final/best_validation_accuracy", final.best?.validAccuracy],
    ["final/validation_loss", final.validLoss],
    ["final/validation_accuracy", final.validAccuracy],
    ["final/test_similarity", final.ssim],
    ["final/test_mae", final.testMae],
    ["final/test_r2", final.testR2],
    ["final/density", final.density],
    ["final/flop_density", final.flopDensity],
    ["final/seconds_per_step", final.saved?.stepSeconds],
    ["final/bytes", final.bytes?.compressed ?? final.bytes?.sparse],
  ]);
}

function present(scalars: readonly (readonly [string, number | undefined])[]): Scalar[] {
  return scalars.flatMap(([name, value]) =>
    value !== undefined && Number.isFinite(value) ? [[name, value] as const] : [],
  );
}
