/**
 * report.html: a run on one page, in one file. Curves, the first layer's weights as they appear,
 * the layers, the recipe and the facts. It needs no network, no script and no other file, and is
 * made of whatever a run has left so far.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { resultLine } from "../measure/best-epoch.js";
import type { EpochMetrics, FinalMetrics } from "../measure/events.js";
import { classSection } from "./class-section.js";
import { connectionTable } from "./connection-table.js";
import { curves } from "./curves.js";
import {
  backendName,
  bytes,
  count,
  duration,
  figure,
  loss,
  percent,
  shape,
  similarity,
} from "./format.js";
import { escapeHtml, html, type Markup, safe } from "./markup.js";
import { page } from "./page.js";
import { pictureSection } from "./picture-section.js";
import { readRun, type Run } from "./run-folder.js";
import { savingsTable } from "./savings-table.js";

/**
 * Writes report.html into a run folder and returns its path.
 *
 * @throws InputError, UnusableFileError as readRun; UnusableFileError if the file can't be written
 */
export function writeReport(folder: string): string {
  const path = join(folder, "report.html");
  writeFileAtomic(path, reportHtml(readRun(folder)));
  return path;
}

/** The report of a run as the text of an HTML file. */
export function reportHtml(run: Run): string {
  const body = html`${header(run)}${run.epochs.length ? tiles(run) : undefined}
    ${run.epochs.length ? html`<h2>How it learned</h2>` : undefined}
    <div class="charts">${run.epochs.length ? curves(run.epochs) : undefined}</div>
    ${pictureSection(run)}${classSection(run.result?.final?.byClass)}
    ${layerTable(lineOf(run))}${savingsTable(run)}
    ${connectionTable(run.result?.final?.connections)}
    <h2>The recipe</h2>
    <p class="note">
      The whole experiment: on the same backend it gives the same weights again, bit for bit.
    </p>
    <pre>${safe(escapeHtml(recipeText(run.recipe)))}</pre>
    ${footer(run)}`;
  return page(run.name, body);
}

/** The line of the network that the run has come to. */
function lineOf({ epochs, result }: Run): EpochMetrics | undefined {
  return resultLine(epochs, result?.final);
}

/** Which epoch's network was kept, and whether the run stopped there. */
function keptNote({ epochs, recipe, result }: Run): Markup | undefined {
  const [last, kept] = [epochs.at(-1)?.epoch, result?.final?.kept];
  const planned = recipe.epochs;
  const isShort = result?.interrupted === false && last !== undefined && last < (planned ?? last);
  const texts = [
    kept === undefined ? "" : `The network is that of epoch ${kept}, the best validation.`,
    isShort ? `The run stopped after epoch ${last} of ${planned}.` : "",
  ].filter((text) => text !== "");
  return texts.length > 0 ? html`<p class="note">${texts.join(" ")}</p>` : undefined;
}

function header(run: Run): Markup {
  const { name, recipe, epochs, result } = run;
  const last = epochs.at(-1);
  const shown = lineOf(run);
  const planned = recipe.epochs === undefined ? "" : ` of ${recipe.epochs}`;
  const { description } = recipe;
  const state = result?.interrupted
    ? "Interrupted"
    : result
      ? undefined
      : "No result yet: this run is unfinished";
  return html`<header>
    <p class="brand">bregman · training run</p>
    <h1>${name}</h1>
    <p class="lead">${shown ? headline(shown, result) : "Nothing was measured in this run yet."}</p>
    ${description ? html`<p class="note" style="margin: 6px 0 0">${description}</p>` : undefined}
    ${keptNote(run)}
    ${state ? html`<p class="warning">${state}, after epoch ${last?.epoch ?? 0}${planned}.</p>` : undefined}
  </header>`;
}

function headline(last: EpochMetrics, result: Run["result"]): string {
  const final = result?.final;
  const [nonZeros, weights] = [total(last, "nonZeros"), total(last, "weights")];
  const share = `${count(nonZeros)} of ${count(weights)} weights (${percent(last.density)})`;
  const far = result && result.interrupted !== true ? "" : " so far";
  if (final?.testAccuracy !== undefined) {
    return `Classifies ${percent(final.testAccuracy)} of the test samples right, with ${share}.`;
  }
  if (final?.ssim !== undefined) {
    return `Restores the test images to a similarity (SSIM) of ${similarity(final.ssim)}, with ${share}.`;
  }
  if (final?.testR2 !== undefined) {
    const error = figure(final.testMae);
    return `Comes to an R² of ${similarity(final.testR2)} on the test samples, a mean error of ${error}, with ${share}.`;
  }
  if (final?.testLoss !== undefined) return `Test loss ${loss(final.testLoss)}, with ${share}.`;
  if (last.validAccuracy !== undefined) {
    return `Classifies ${percent(last.validAccuracy)} of the validation samples right${far}, with ${share}.`;
  }
  if (last.validLoss !== undefined)
    return `Validation loss ${loss(last.validLoss)}${far}, with ${share}.`;
  return `Trained${far}: ${share}.`;
}

function tiles(run: Run): Markup {
  const { epochs, result } = run;
  const last = lineOf(run)!;
  const final = result?.final;
  const valid = final?.validAccuracy ?? last.validAccuracy;
  const started =
    epochs[0].epoch === 0 ? `it started with ${percent(epochs[0].density)}` : undefined;
  const size = final?.bytes;
  return html`<dl class="tiles">
    ${
      final?.testAccuracy !== undefined
        ? tile("Test accuracy", percent(final.testAccuracy), validation(valid, percent))
        : valid !== undefined
          ? tile("Validation accuracy", percent(valid))
          : lossTile(last, final)
    }
    ${similarityTile(last, final)} ${regressionTiles(last, final)}
    ${tile("Density", percent(last.density), started)}
    ${tile("Non-zero weights", count(total(last, "nonZeros")), `of ${count(total(last, "weights"))}`)}
    ${
      final?.flopDensity !== undefined
        ? tile("Multiplications", percent(final.flopDensity), "of the dense network's, per sample")
        : undefined
    }
    ${size && tile("Model size", bytes(size.sparse), `dense ${bytes(size.dense)}`)}
    ${tile("Time", duration(final?.seconds ?? last.seconds), `${epochs.at(-1)!.epoch} epochs`)}
  </dl>`;
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

function layerTable(last: EpochMetrics | undefined): Markup | undefined {
  if (!last?.layers.length) return undefined;
  return html`<h2>Layer by layer</h2>
    <p class="note">
      After epoch ${last.epoch}. A unit is active while it has at least one non-zero weight.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>layer</th>
            <th>shape</th>
            <th>weights</th>
            <th>non-zeros</th>
            <th>density</th>
            <th>active units</th>
            <th>computed</th>
          </tr>
        </thead>
        <tbody>
          ${last.layers.map(
            (layer) =>
              html`<tr>
                <td>${layer.name}</td>
                <td>${shape(layer.shape)}</td>
                <td>${count(layer.weights)}</td>
                <td>${count(layer.nonZeros)}</td>
                <td>${percent(layer.density)}${bar(layer.density)}</td>
                <td>${count(layer.activeUnits)} of ${count(layer.units)}</td>
                <td>${layer.kernel}</td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <td>total</td>
            <td></td>
            <td>${count(total(last, "weights"))}</td>
            <td>${count(total(last, "nonZeros"))}</td>
            <td>${percent(last.density)}${bar(last.density)}</td>
            <td>${count(total(last, "activeUnits"))} of ${count(total(last, "units"))}</td>
            <td></td>
          </tr>
        </tfoot>
      </table>
    </div>`;
}

function bar(fraction: number): Markup {
  return html`<span class="bar"
    ><i style="width: ${(100 * Math.min(1, Math.max(0, fraction))).toFixed(1)}%"></i
  ></span>`;
}

function footer({ epochs, result, recipe }: Run): Markup {
  const facts = [
    result?.backend && `backend ${backendName(result.backend, result.isa)}`,
    result?.threads && `${result.threads} ${result.threads === 1 ? "thread" : "threads"}`,
    recipe.seed !== undefined && `seed ${recipe.seed}`,
    result?.samples &&
      `${count(result.samples.train)} training, ${count(result.samples.valid)} ` +
        `validation, ${count(result.samples.test)} test samples`,
    epochs.length > 0 &&
      `${duration(result?.final?.seconds ?? epochs[epochs.length - 1].seconds)} of training`,
    result?.machine,
    result?.commit && `commit ${result.commit}`,
  ].filter((fact) => typeof fact === "string");
  return html`<footer>
    <p>${facts.join(" · ")}</p>
    ${result?.command ? html`<p>Made by <code>${result.command}</code></p>` : undefined}
  </footer>`;
}

function total(line: EpochMetrics, key: "weights" | "nonZeros" | "units" | "activeUnits"): number {
  return line.layers.reduce((sum, layer) => sum + layer[key], 0);
}

/** The recipe as JSON, with short lists on one line. */
function recipeText(recipe: Run["recipe"]): string {
  return JSON.stringify(recipe, null, 2).replace(
    /\[\n\s+([^[\]{}]{0,90}?)\n\s*\]/g,
    (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, " ")}]`,
  );
}
