/**
 * Two networks side by side, before and after something was done: what they cost and what they
 * reach.
 */
import Table from "cli-table3";
import type { NetworkSize } from "../export/size.js";
import { bytes, count, loss, percent } from "../report/format.js";
import type { Evaluated } from "../train/evaluate.js";
import type { Paint } from "./paint.js";
import { UNRULED } from "./table-style.js";

export interface Measured {
  readonly size: NetworkSize;
  readonly reached: Evaluated;
}

/** The table as text, without a line end. Rows that do not apply are left out. */
export function networkTable(before: Measured, after: Measured, paint: Paint): string {
  const table = new Table({
    head: ["", "before", "after"].map((text) => paint("dim", text)),
    colAligns: ["left", "right", "right"],
    ...UNRULED,
  });
  const row = (name: string, of: (measured: Measured) => string | undefined) => {
    const [old, now] = [of(before), of(after)];
    if (old !== undefined && now !== undefined) table.push([name, old, paint("bold", now)]);
  };
  const mega = (flops: number) => (flops / 1e6).toFixed(3);
  const accuracy = (share: number | undefined) =>
    share === undefined ? undefined : percent(share);
  row("weights", ({ size }) => count(size.weights));
  row("non-zeros", ({ size }) => count(size.nonZeros));
  row("density", ({ size }) => percent(size.nonZeros / size.weights));
  row("units and channels", ({ size }) => count(size.units));
  row("MFLOP a sample, dense", ({ size }) => mega(size.flops.dense));
  row("MFLOP a sample, non-zeros", ({ size }) => mega(size.flops.sparse));
  row("bytes, dense", ({ size }) => bytes(size.bytes.dense));
  row("bytes, sparse", ({ size }) => bytes(size.bytes.sparse));
  row("test accuracy", ({ reached }) => accuracy(reached.testAccuracy));
  row("validation accuracy", ({ reached }) => accuracy(reached.validAccuracy));
  if (before.reached.testAccuracy === undefined) {
    row("test loss", ({ reached }) =>
      reached.testLoss === undefined ? undefined : loss(reached.testLoss),
    );
    row("test MAE", ({ reached }) => reached.testMae?.toPrecision(4));
    row("test R²", ({ reached }) => reached.testR2?.toFixed(4));
    row("SSIM", ({ reached }) => reached.ssim?.toFixed(4));
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
