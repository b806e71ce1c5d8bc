/**
 * The path by layer as a figure: a line of cells a layer, from the first at the top to the last, a
 * cell an epoch. The darker, the more of the weights that are there in the end were born in it.
 * Each layer's fullest cell has the full colour, and colours go with the square root, so that few
 * births show beside many.
 */
import * as Plot from "../bundled/plot.js";
import { largest } from "../extremes.js";
import type { BirthPath } from "./birth-path.js";
import { epochAxis, FRAME, toSvg } from "./charts.js";
import { count, percent } from "./format.js";

const WIDTH = 960;
/** Height of a layer's line, and what stands above and below all of them. */
const [LINE, TOP, BOTTOM] = [24, 10, 38];
/** Width of a letter of a layer's name, about. */
const LETTER = 7;

/** The figure as SVG text. */
export function birthChart({ layers, epoch: last }: BirthPath): string {
  const names = layers.map(({ layer }) => layer);
  const cells = layers.flatMap(({ layer, survivors, nonZeros }) => {
    const most = largest(survivors);
    return survivors.flatMap((born, epoch): Cell[] =>
      born > 0
        ? [{ layer, epoch, born, share: born / nonZeros, shade: Math.sqrt(born / most) }]
        : [],
    );
  });
  const epochs = Array.from({ length: last + 1 }, (_, epoch) => epoch);
  return toSvg({
    ...FRAME,
    width: WIDTH,
    height: TOP + BOTTOM + LINE * layers.length,
    marginTop: TOP,
    marginBottom: BOTTOM,
    marginLeft: 16 + LETTER * largest(names.map(({ length }) => length)),
    ariaLabel: "Births by layer and epoch",
    x: { ...epochAxis(epochs), domain: [-0.5, last + 0.5] },
    y: { type: "band", domain: names, label: null, tickSize: 0, padding: 0.15 },
    marks: [
      Plot.barX(names, {
        x1: -0.5,
        x2: last + 0.5,
        y: (name: string) => name,
        fill: "var(--line)",
        fillOpacity: 0.4,
      }),
      Plot.barX(cells, {
        x1: ({ epoch }: Cell) => epoch - 0.5,
        x2: ({ epoch }: Cell) => epoch + 0.5,
        y: "layer",
        fill: "var(--birth)",
        fillOpacity: "shade",
        title: ({ layer, epoch, born, share }: Cell) =>
          `${layer}, ${epoch === 0 ? "before training" : `epoch ${epoch}`}: ${count(born)} of its weights (${percent(share, 1)})`,
      }),
    ],
    // The opacities are given, not a scale of the data.
    opacity: { type: "identity" },
  });
}

interface Cell {
  readonly layer: string;
  readonly epoch: number;
  readonly born: number;
  /** Of the layer's weights. */
  readonly share: number;
  /** In (0, 1]. */
  readonly shade: number;
}
