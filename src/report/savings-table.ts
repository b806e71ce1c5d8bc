/**
 * The report's table of what sparsity saved: weights, multiplications and time, this run's beside
 * those of a dense one.
 */
import { count, flops, percent, speed, stepTime } from "./format.js";
import { html, type Markup } from "./markup.js";
import type { Run } from "./run-folder.js";
import { speedUp } from "./speed-up.js";

/** Nothing for a run without a result, or whose result says nothing of it. */
export function savingsTable({ epochs, result }: Run): Markup | undefined {
  const { saved, flopDensity } = result?.final ?? {};
  const last = epochs.at(-1);
  if (!saved || !last) return undefined;
  const { steps, frozenSteps, births, deaths, trainingFlops, trainingFlopDensity, stepSeconds } =
    saved;
  const ratio = speedUp(saved);
  const sum = (key: "weights" | "nonZeros") =>
    last.layers.reduce((total, layer) => total + layer[key], 0);
  const row = (name: string, own: string, dense: string, share: string) =>
    html`<tr>
      <td>${name}</td>
      <td>${own}</td>
      <td>${dense}</td>
      <td>${share}</td>
    </tr>`;
  return html`<h2>What sparsity saved</h2>
    <p class="note">
      ${count(births)} births and ${count(deaths)} deaths of weights in ${count(steps)} steps, of
      which ${frozenSteps ? count(frozenSteps) : "none"} had frozen patterns. Multiplications are
      those of linear layers and convolutions as they were carried out, gradients
      included${ratio === undefined ? "." : "; the time of a dense step was measured before training, with every layer on its dense kernel."}
    </p>
    <div class="wide" tabindex="0" role="region" aria-label="What sparsity saved">
      <table>
        <thead>
          <tr>
            <td></td>
            <th>this run</th>
            <th>dense</th>
            <th>of the dense</th>
          </tr>
        </thead>
        <tbody>
          ${row("weights at the end", count(sum("nonZeros")), count(sum("weights")), percent(last.density))}
          ${row("multiplications, a forward pass at the end", "", "", percent(flopDensity))}
          ${row("multiplications, the whole training", flops(trainingFlops), flops(trainingFlops / trainingFlopDensity), percent(trainingFlopDensity))}
          ${row(
            "a step, on average",
            stepTime(stepSeconds),
            ratio === undefined ? "–" : stepTime(ratio * stepSeconds),
            ratio === undefined ? "–" : `${percent(1 / ratio)}: ${speed(ratio)}`,
          )}
        </tbody>
      </table>
    </div>`;
}
