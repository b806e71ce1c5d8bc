/**
 * Active units layer by layer, as the paper's figure 4 shows them for the autoencoder: the shape of
 * a network that row groups have found.
 */
import * as Plot from "../bundled/plot.js";
import { FRAME, toSvg } from "./charts.js";
import { count } from "./format.js";

/** The active units of each layer, at one time or of one run. */
export interface UnitProfile {
  readonly name: string;
  /** A CSS colour, e.g. "var(--train)". */
  readonly colour: string;
  readonly dash?: string;
  readonly counts: readonly number[];
}

/** More layers than this are numbered, not named. */
const MOST_NAMES = 8;

/**
 * One line a profile over the layers, as SVG text.
 *
 * @param layers - names, in the order of the counts
 * @param most - end of the axis: units of the widest layer
 */
export function unitChart(
  layers: readonly string[],
  profiles: readonly UnitProfile[],
  most: number,
): string {
  const places = layers.map((name, k) => (layers.length > MOST_NAMES ? String(k + 1) : name));
  const marks = profiles.flatMap(({ name, colour, dash, counts }) => {
    const points = counts.map((active, k) => ({ place: places[k], layer: layers[k], active }));
    const at = { x: "place", y: "active" };
    return [
      Plot.line(points, {
        ...at,
        stroke: colour,
        strokeWidth: 2,
        ...(dash && { strokeDasharray: dash }),
      }),
      Plot.dot(points, {
        ...at,
        fill: colour,
        r: 3,
        title: ({ layer, active }: (typeof points)[number]) =>
          `${name}, ${layer}: ${count(active)} active units`,
      }),
    ];
  });
  return toSvg({
    ...FRAME,
    ariaLabel: "Active units of each layer",
    x: {
      type: "point",
      domain: places,
      label: layers.length > MOST_NAMES ? "layer" : null,
      labelArrow: "none",
    },
    y: { domain: [0, most], ticks: 5, label: null, tickFormat: count },
    marks: [Plot.gridY({ ticks: 5, stroke: "var(--line)", strokeOpacity: 1 }), ...marks],
  });
}
