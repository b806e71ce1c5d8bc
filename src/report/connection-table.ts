/**
 * The report's table of connections between layers: which sources a layer of a DenseNet reads, as a
 * triangle of densities.
 */
import type { Connection } from "../measure/events.js";
import { parameter, percent } from "./format.js";
import { html, type Markup } from "./markup.js";

/** One row a layer, one column a source; nothing for a net without connections. */
export function connectionTable(connections: readonly Connection[] = []): Markup | undefined {
  if (!connections.length) return undefined;
  const sources = [...new Set(connections.map(({ from }) => from))];
  const layers = [...new Set(connections.map(({ to }) => to))];
  const used = connections.filter(({ density }) => density > 0).length;
  const cell = (to: string, from: string) => {
    const found = connections.find((one) => one.to === to && one.from === from);
    return found && (found.density > 0 ? strength(found) : "unused");
  };
  return html`<h2>Connections</h2>
    <p class="note">
      ${used} of ${connections.length} are used. Each row is a layer, each column a source that it
      reads; the share of its weights that is not zero, or the scalar of a skip connection.
    </p>
    <div class="wide" tabindex="0" role="region" aria-label="Connections">
      <table>
        <thead>
          <tr>
            <th>layer</th>
            ${sources.map((from) => html`<th>${from}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${layers.map(
            (to) =>
              html`<tr>
                <td>${to}</td>
                ${sources.map((from) => html`<td>${cell(to, from) ?? ""}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function strength({ density, scale }: Connection): string {
  if (scale === undefined) return percent(density);
  return scale === null ? "–" : parameter(scale);
}
