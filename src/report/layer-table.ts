/** The network layer by layer, with bars of what is there of its weights and of its units. */
import type { EpochMetrics } from "../measure/events.js";
import { count, percent, shape } from "./format.js";
import { html, type Markup } from "./markup.js";
import { total } from "./totals.js";

/** The table; nothing where no layer is known. */
export function layerTable(last: EpochMetrics | undefined): Markup | undefined {
  if (!last?.layers.length) return undefined;
  return html`<h2>Layer by layer</h2>
    <p class="note">
      After epoch ${last.epoch}. A unit is active while it has at least one non-zero weight.
    </p>
    <div class="wide" tabindex="0" role="region" aria-label="Layer by layer">
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
                <td>
                  ${count(layer.activeUnits)} of
                  ${count(layer.units)}${bar(layer.activeUnits / layer.units)}
                </td>
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
            <td>
              ${count(total(last, "activeUnits"))} of
              ${count(total(last, "units"))}${bar(total(last, "activeUnits") / total(last, "units"))}
            </td>
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
