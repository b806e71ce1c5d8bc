/** The figures that a report begins with. */
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import { bytes, count, duration, figure, loss, percent, similarity } from "./format.js";
import { html, type Markup } from "./markup.js";
import type { Run } from "./run-folder.js";
import { total } from "./totals.js";

/** More tiles than this are in two lines. */
const MOST_IN_A_LINE = 6;

/** The tiles of a run with at least one line, the network that it has come to. */
export function tiles(run: Run, last: EpochMetrics): Markup {
  const { epochs, result } = run;
  const final = result?.final;
  const valid = final?.validAccuracy ?? last.validAccuracy;
  const started =
    epochs[0].epoch === 0 ? `it started with ${percent(epochs[0].density)}` : undefined;
  const size = final?.bytes;
  const shown = [
    final?.testAccuracy !== undefined
      ? tile("Test accuracy", percent(final.testAccuracy), validation(valid, percent))
      : valid !== undefined
        ? tile("Validation accuracy", percent(valid))
        : lossTile(last, final),
    similarityTile(last, final),
    ...regressionTiles(last, final),
    tile("Density", percent(last.density), started),
    tile("Non-zero weights", count(total(last, "nonZeros")), `of ${count(total(last, "weights"))}`),
    final?.flopDensity !== undefined &&
      tile("Multiplications", percent(final.flopDensity), "of the dense network's, per sample"),
    size && tile("Model size", bytes(size.sparse), `dense ${bytes(size.dense)}`),
    tile("Time", duration(final?.seconds ?? last.seconds), `${epochs.at(-1)!.epoch} epochs`),
  ].filter((one) => typeof one === "object");
  return html`<dl class="tiles" style="${columns(shown.length)}">${shown}</dl>`;
}

/** Tiles in a line, on a wide page and on a narrower one: none has a line for itself. */
function columns(tiles: number): string {
  const half = Math.ceil(tiles / 2);
  return `--wide: ${tiles > MOST_IN_A_LINE ? half : tiles}; --narrow: ${half}`;
}

function lossTile(
  { validLoss, trainLoss }: EpochMetrics,
  { testLoss }: Partial<FinalMetrics> = {},
): Markup {
  const named = [
    ["Test loss", testLoss],
    ["Validation loss", validLoss],
    ["Training loss", trainLoss],
  ] as const;
  const [name, value] = named.find(([, one]) => one !== undefined) ?? ["Loss", undefined];
  return tile(name, loss(value));
}

function similarityTile(
  { validSsim }: EpochMetrics,
  final: Partial<FinalMetrics> = {},
): Markup | undefined {
  if (final.ssim === undefined) {
    return validSsim === undefined
      ? undefined
      : tile("SSIM", similarity(validSsim), "of the validation images");
  }
  return tile("SSIM", similarity(final.ssim), validation(validSsim, similarity));
}

function regressionTiles(
  { validMae, validR2 }: EpochMetrics,
  { testMae, testR2 }: Partial<FinalMetrics> = {},
): Markup[] {
  return (
    [
      ["Mean absolute error", testMae, validMae, figure],
      ["R²", testR2, validR2, similarity],
    ] as const
  ).flatMap(([name, test, valid, text]) => {
    if (test !== undefined) return [tile(name, text(test), validation(valid, text))];
    return valid === undefined ? [] : [tile(name, text(valid), "of the validation samples")];
  });
}

/** What stands small beside a figure of the test samples. */
function validation(
  value: number | undefined,
  text: (value: number) => string,
): string | undefined {
  return value === undefined ? undefined : `validation ${text(value)}`;
}

function tile(name: string, value: string, small?: string): Markup {
  return html`<div class="tile">
    <dt>${name}</dt>
    <dd>${value}${small ? html`<small>${small}</small>` : undefined}</dd>
  </div>`;
}
