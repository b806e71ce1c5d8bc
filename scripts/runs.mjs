// What results/ holds of the recipes' runs.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const RESULTS = new URL("../results/", import.meta.url);

/** What results/ holds under a name, or undefined. */
export function resultOf(name) {
  const file = new URL(`${name}.json`, RESULTS);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** A recipe's runs, by seed; none if it has not been run. */
export function runsOf(recipe) {
  const folder = new URL(`${recipe}/`, RESULTS);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^seed-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")))
    .sort((a, b) => a.seed - b.seed);
}

/** Units of every layer of the autoencoders. */
export const UNITS_PER_LAYER = 784;

/**
 * Active units of each layer at the end of an autoencoder's run, given what its result.json says of
 * the end.
 */
export const activeUnits = ({ nodeDensity }) =>
  nodeDensity.map((share) => Math.round(share * UNITS_PER_LAYER));
