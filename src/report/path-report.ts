/**
 * path.json, path.html and path.svg: when the weights of a run were born.
 *
 * Where the first layer is linear and reads square images of one channel, the page also shows each
 * pixel of the input in the colour of the earliest birth in training among its weights, and the
 * units with the most weights, weight by weight.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { birthsOf } from "../measure/births.js";
import { newestCheckpoint } from "../runs/checkpoint.js";
import { birthChart } from "./birth-chart.js";
import {
  birthPath,
  earliestByInput,
  medianBirth,
  type BirthPath,
  type LayerPath,
} from "./birth-path.js";
import { birthPicture, birthShade } from "./birth-picture.js";
import { sequentialColour } from "./colours.js";
import { squareImage } from "./film.js";
import { count, percent, shape as shapeText } from "./format.js";
import { html, safe, type Markup } from "./markup.js";
import { page } from "./page.js";
import { mostActiveUnits } from "./pictures.js";
import { readRun } from "./run-folder.js";
import { standaloneSvg } from "./standalone-svg.js";

/**
 * Reads the path of a run off its newest checkpoint that is whole.
 *
 * @throws UnusableFileError as readRun and birthPath; also if there is no such
 *   checkpoint
 */
export function readPath(folder: string): BirthPath {
  const { name, recipe } = readRun(folder);
  const { checkpoint, faults } = newestCheckpoint(folder);
  if (!checkpoint) {
    const why = faults.length > 0 ? faults.join("; ") : "there is none";
    throw new UnusableFileError(
      `could not show the path of ${folder}: births are kept in its checkpoints, and ${why}`,
    );
  }
  const seed = recipe.seed === undefined ? {} : { seed: recipe.seed };
  return birthPath(
    { recipe: name, ...seed },
    birthsOf(checkpoint.tensors),
    checkpoint.progress.epochs,
  );
}

/**
 * Writes the path of a run into its folder.
 *
 * @returns the path, and where the page is
 * @throws as readPath
 */
export function writePath(folder: string): { readonly path: BirthPath; readonly file: string } {
  const path = readPath(folder);
  const chart = birthChart(path);
  writeFileAtomic(join(folder, "path.json"), `${JSON.stringify(path)}\n`);
  writeFileAtomic(join(folder, "path.svg"), standaloneSvg(chart));
  const file = join(folder, "path.html");
  writeFileAtomic(file, pathHtml(path, chart));
  return { path, file };
}

/** What a layer went through, as a row of a table. */
export function pathRow(layer: LayerPath): string[] {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return [
    layer.layer,
    shapeText(layer.shape),
    count(layer.births[0]),
    count(sum(layer.births.slice(1))),
    count(sum(layer.deaths)),
    count(layer.nonZeros),
    percent(layer.nonZeros / layer.weights),
    String(medianBirth(layer) ?? "–"),
  ];
}

/** What the columns of pathRow are. */
export const PATH_COLUMNS = [
  "layer",
  "shape",
  "at the start",
  "births",
  "deaths",
  "now",
  "density",
  "half by epoch",
];

function pathHtml(path: BirthPath, chart: string): string {
  const { recipe, seed, epoch, layers } = path;
  return page(
    `Path of ${recipe}`,
    html`<header>
        <p class="brand">bregman · path${seed === undefined ? "" : ` · seed ${seed}`}</p>
        <h1>${recipe}</h1>
        <p class="lead">
          When the weights were born, over ${epoch} ${epoch === 1 ? "epoch" : "epochs"}.
        </p>
      </header>
      <figure class="chart">
        <h3>Births by layer</h3>
        ${safe(chart)}
        <figcaption>
          The darker, the more of the layer's weights that are there now were born in that epoch;
          its fullest epoch has the full colour. Epoch 0: those of the start.
        </figcaption>
      </figure>
      ${pictures(path)}
      <h2>Layer by layer</h2>
      <div class="wide" tabindex="0" role="region" aria-label="Layer by layer">
        <table>
          <thead>
            <tr>
              ${PATH_COLUMNS.map((head) => html`<th>${head}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${layers.map(
              (layer) =>
                html`<tr>
                  ${pathRow(layer).map((text) => html`<td>${text}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="note">
        Half by epoch: the epoch by which half of the weights that are there now had been born, for
        the last time.
      </p>`,
  );
}

/** The first layer's inputs and units, where they are images. */
function pictures({ layers: [first], epoch }: BirthPath): Markup | undefined {
  const size = first.shape.length === 2 ? squareImage(first.shape[1]) : undefined;
  if (!size) return undefined;
  const image = (alt: string, png: Uint8Array) =>
    html`<img alt="${alt}" src="data:image/png;base64,${Buffer.from(png).toString("base64")}" />`;
  const inputs = birthPicture([earliestByInput(first)], size, epoch, { zoom: 10 });
  return html`<h2>The inputs as they came into use</h2>
    <p class="note">
      Each pixel of the input has the colour of the first birth in training among its weights in the
      first layer, the random ones of the start left out; white pixels (dark ones, on a dark page)
      have no other.
    </p>
    ${scale(epoch)}
    <div class="picture last" style="max-width: 380px">
      ${image("Earliest birth of each input", inputs)}
    </div>
    <h2>The first layer, weight by weight</h2>
    <p class="note">
      The units with the most weights, each drawn as the image it looks at, in the same colours.
    </p>
    <div class="picture last">
      ${image("Births of the first layer's weights", unitPicture(first, size, epoch))}
    </div>`;
}

/** The units with the most weights, weight by weight. */
function unitPicture(
  { shape, weights, alive }: LayerPath,
  size: readonly [number, number],
  last: number,
): Uint8Array {
  const [rows, cols] = shape;
  const births = new Float32Array(weights);
  alive.index.forEach((index, k) => (births[index] = alive.epoch[k] + 1));
  const tiles = mostActiveUnits(births, rows).map((unit) =>
    Array.from(births.subarray(unit * cols, (unit + 1) * cols), (birth) =>
      birth === 0 ? undefined : birth - 1,
    ),
  );
  return birthPicture(tiles, size, last, { columns: 8 });
}

/** The colours of the pictures, with the epochs they stand for. */
function scale(last: number): Markup {
  const colour = (x: number) => `rgb(${sequentialColour(x).join(" ")})`;
  const ramp = Array.from({ length: 9 }, (_, k) => colour(k / 8)).join(", ");
  const middle = [1, 3, 10, 30, 100, 300].filter(
    (epoch) => birthShade(epoch, last) > 0.2 && birthShade(epoch, last) < 0.85,
  );
  const marks = middle.map(
    (epoch) =>
      html`<span><b style="color: ${colour(birthShade(epoch, last))}">■</b> ${epoch}</span>`,
  );
  return html`<p class="scale">
    <span>before training</span><i style="background: linear-gradient(90deg, ${ramp})"></i
    ><span>epoch ${last}</span>
    ${marks}
  </p>`;
}
