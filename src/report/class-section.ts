/** The classes of a classifier one by one: how they are found, and what they are taken for. */
import { largest } from "../extremes.js";
import type { ClassFigures } from "../measure/events.js";
import { count, percent } from "./format.js";
import { html, type Markup } from "./markup.js";

/** A wider table of what is taken for what can't be read. */
const MOST_CONFUSED = 30;

/** The section; nothing where there are no figures of classes. */
export function classSection(figures: ClassFigures | undefined): Markup | undefined {
  if (!figures?.classes) return undefined;
  const { of, samples, classes } = figures;
  return html`<h2>Class by class</h2>
    <p class="note">
      Of ${count(samples)} ${of} samples. Precision: of those taken for the class, the share that
      are of it. Recall: of those of the class, the share that is found.
    </p>
    <div class="wide" tabindex="0" role="region" aria-label="Class by class">
      <table>
        <thead>
          <tr>
            <th>class</th>
            <th>samples</th>
            <th>precision</th>
            <th>recall</th>
          </tr>
        </thead>
        <tbody>
          ${classes.map(
            (one) =>
              html`<tr>
                <td>${one.name}</td>
                <td>${count(one.count)}</td>
                <td>${percent(one.precision)}</td>
                <td>${percent(one.recall)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${confusionTable(figures)}`;
}

function confusionTable({ classes = [], confusion }: ClassFigures): Markup | undefined {
  if (!confusion || confusion.length > MOST_CONFUSED) return undefined;
  const cell = (samples: number, row: readonly number[], isRight: boolean) => {
    const share = samples / Math.max(1, largest(row));
    const colour = isRight ? "var(--c0)" : "var(--c3)";
    const shade = `background: color-mix(in srgb, ${colour} ${Math.round(60 * share)}%, transparent)`;
    return html`<td style="${shade}">${samples === 0 ? "" : count(samples)}</td>`;
  };
  return html`<p class="note">Row: the class. Column: what it is taken for.</p>
    <div class="wide" tabindex="0" role="region" aria-label="What each class is taken for">
      <table>
        <thead>
          <tr>
            <td></td>
            ${classes.map(({ name }) => html`<th>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${confusion.map(
            (row, label) =>
              html`<tr>
                <td>${classes[label]?.name ?? String(label)}</td>
                ${row.map((samples, guess) => cell(samples, row, label === guess))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
