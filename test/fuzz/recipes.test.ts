/** Damaged recipes: trained with, or refused. */
import { afterEach, expect, test } from "vitest";
import { forCases, TIMEOUT } from "./cases.js";
import { mutatedJson, pick } from "./mutate.js";
import { RECIPES, train } from "./recipes.js";
import { takeWarnings } from "../support/warnings.js";

// Recipes of chance are warned of, each with reason.
afterEach(() => void takeWarnings());

test.each(RECIPES)("a recipe as it is", async (recipe) => {
  expect(await train(recipe)).toBe(true);
});

test(
  "recipes of which something else is said",
  () => forCases("recipes", (random) => train(mutatedJson(random, pick(random, RECIPES)))),
  TIMEOUT,
);
