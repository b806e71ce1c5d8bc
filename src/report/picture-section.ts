/**
 * The report's pictures of the first layer's weights: the last one large, the way there small below
 * it.
 */
import { divergingColour } from "./colours.js";
import { pictureEpochs } from "./film.js";
import { count, percent } from "./format.js";
import { html, type Markup } from "./markup.js";
import type { Run, WeightPicture } from "./run-folder.js";

/** Earlier pictures, shown small. */
const MOST_PICTURES = 9;

/** The section, or nothing for a run without pictures. */
export function pictureSection({ pictures: all, epochs }: Run): Markup | undefined {
  if (!all.length) return undefined;
  const last = all[all.length - 1];
  const ends = [-1, -0.66, -0.33, -1e-9, 0, 1e-9, 0.33, 0.66, 1].map(
    (x) => `rgb(${divergingColour(x).join(" ")})`,
  );
  const ramp = ends
    .map((colour, k) => `${colour} ${[0, 17, 33, 48, 50, 52, 67, 83, 100][k]}%`)
    .join(", ");
  return html`<h2>The first layer’s weights as they appear</h2>
    <p class="note">
      One square is one unit of the first layer, drawn as the image it looks at: every pixel is the
      weight of that input. White (dark, on a dark page) is exactly zero: no weight, nothing to
      store, nothing to compute. The units and their places are the same in all pictures; the
      largest tenth of the weights share the full colour.
    </p>
    <p class="scale">
      <span>negative</span><i style="background: linear-gradient(90deg, ${ramp})"></i
      ><span>positive</span>
    </p>
    <div class="picture last">${picture(last, epochs)}</div>
    ${all.length > 1 ? html`<div class="pictures">${chosen(all.slice(0, -1)).map((one) => picture(one, epochs))}</div>` : undefined}`;
}

function picture({ epoch, png }: WeightPicture, epochs: Run["epochs"]): Markup {
  const layer = epochs.find((line) => line.epoch === epoch)?.layers[0];
  const when = epoch === 0 ? "before training" : `epoch ${epoch}`;
  const share = layer
    ? html`<span>${count(layer.nonZeros)} weights, ${percent(layer.density)}</span>`
    : undefined;
  const data = Buffer.from(png).toString("base64");
  return html`<figure>
    <figcaption><b>${when}</b>${share}</figcaption>
    <img alt="Weights of the first layer, ${when}" src="data:image/png;base64,${data}" />
  </figure>`;
}

/**
 * At most {@link MOST_PICTURES}, closer together at the start, where most weights are born; the
 * first is always there.
 */
function chosen(all: readonly WeightPicture[]): WeightPicture[] {
  return pictureEpochs(all.length - 1, MOST_PICTURES).map((k) => all[k]);
}
