/**
 * report.html: a run on one page, in one file. Curves, the first layer's weights as they appear,
 * the layers, the recipe and the facts. It needs no network, no script and no other file, and is
 * made of whatever a run has left so far.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { resultLine } from "../measure/best-epoch.js";
import type { EpochMetrics } from "../measure/events.js";
import { classSection } from "./class-section.js";
import { connectionTable } from "./connection-table.js";
import { curves } from "./curves.js";
import { backendName, count, duration, figure, loss, percent, similarity } from "./format.js";
import { layerTable } from "./layer-table.js";
import { escapeHtml, html, type Markup, safe } from "./markup.js";
import { mistakeSection } from "./mistake-section.js";
import { nextSteps } from "./next-steps.js";
import { page } from "./page.js";
import { pictureSection } from "./picture-section.js";
import { readRun, type Run } from "./run-folder.js";
import { savingsTable } from "./savings-table.js";
import { tiles } from "./tiles.js";
import { total } from "./totals.js";

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
  const shown = lineOf(run);
  const body = html`${header(run)}${shown && tiles(run, shown)}
    ${run.epochs.length ? html`<h2>How it learned</h2>` : undefined}
    <div class="charts">${run.epochs.length ? curves(run.epochs) : undefined}</div>
    ${pictureSection(run)}${classSection(run.result?.final?.byClass)}${mistakeSection(run)}
    ${layerTable(shown)}${savingsTable(run)} ${connectionTable(run.result?.final?.connections)}
    <h2>The recipe</h2>
    <p class="note">
      The whole experiment: on the same backend it gives the same weights again, bit for bit.
    </p>
    <pre tabindex="0">${safe(escapeHtml(recipeText(run.recipe)))}</pre>
    ${nextSection(run)} ${footer(run)}`;
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
    <p class="lead">${shown ? headline(shown, run) : "Nothing was measured in this run yet."}</p>
    ${description ? html`<p class="note" style="margin: 6px 0 0">${description}</p>` : undefined}
    ${keptNote(run)}
    ${state ? html`<p class="warning">${state}, after epoch ${last?.epoch ?? 0}${planned}.</p>` : undefined}
  </header>`;
}

function headline(last: EpochMetrics, { epochs, recipe, result }: Run): string {
  const final = result?.final;
  const [nonZeros, weights] = [total(last, "nonZeros"), total(last, "weights")];
  const share = `${count(nonZeros)} of ${count(weights)} weights (${percent(last.density)})`;
  // A run may also have ended before its result was written.
  const isDone = result ? result.interrupted !== true : epochs.at(-1)!.epoch === recipe.epochs;
  const far = isDone ? "" : " so far";
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

/** What one may do with the run. */
function nextSection({ folder, result }: Run): Markup {
  const state = result ? (result.interrupted ? "interrupted" : "done") : "unfinished";
  return html`<h2>What to do next</h2>
    <dl class="next">
      ${nextSteps(folder, state).map(
        ({ command, what }) =>
          html`<dt><code>${command}</code></dt>
            <dd>${what}</dd>`,
      )}
    </dl>`;
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

/** The recipe as JSON, with short lists on one line. */
function recipeText(recipe: Run["recipe"]): string {
  return JSON.stringify(recipe, null, 2).replace(
    /\[\n\s+([^[\]{}]{0,90}?)\n\s*\]/g,
    (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, " ")}]`,
  );
}
