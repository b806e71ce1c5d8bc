// Writes docs/images/autoencoder-units.svg from the first runs in results/mnist-*: the active units
// of each layer of the autoencoders beside those of the paper's figure 4.
//   npm run build && node scripts/unit-picture.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { standaloneSvg } from "../dist/report/standalone-svg.js";
import { unitChart } from "../dist/report/unit-chart.js";
import { activeUnits, runsOf, UNITS_PER_LAYER } from "./runs.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Read off the paper's figure, give or take 15. */
const PAPER = [290, 170, 72, 107, 120, 485];

const profile = (recipe, colour, dash) => {
  const [{ final }] = runsOf(recipe);
  return { name: recipe, colour, dash, counts: activeUnits(final) };
};
const profiles = [
  { name: "the paper", colour: "var(--muted)", dash: "3,3", counts: PAPER },
  profile("mnist-denoise", "var(--c0)"),
  profile("mnist-denoise-narrow", "var(--c1)"),
  profile("mnist-denoise-skips", "var(--c0)", "6,4"),
  profile("mnist-deblur", "var(--c2)"),
  profile("mnist-deblur-skips", "var(--c2)", "6,4"),
];
const layers = PAPER.map((_, k) => `layer ${k + 1}`);
writeFileSync(
  `${ROOT}docs/images/autoencoder-units.svg`,
  standaloneSvg(unitChart(layers, profiles, UNITS_PER_LAYER)),
);
