/** The pages of the site in the order in which they are read. Links are paths from the root. */
import { readFileSync } from "node:fs";

const PACKAGE = new URL("../../package.json", import.meta.url);
const { exports } = JSON.parse(readFileSync(PACKAGE, "utf8")) as {
  exports: Record<string, string | { types?: string }>;
};

/** Entry points by the names of their pages; the pool's worker exports nothing. */
const entryPoints = Object.entries(exports)
  .filter(([key, entry]) => typeof entry === "object" && key !== "./pool-worker")
  .map(([key]) => (key === "." ? "bregman" : key.slice(2)));

const page = (text: string, link: string) => ({ text, link });

export const sidebar = [
  {
    text: "Begin",
    items: [page("Start here", "/docs/start"), page("Examples", "/examples/README")],
  },
  {
    text: "Guides",
    items: [
      page("Your data", "/docs/your-own-data"),
      page("Your model", "/docs/your-own-model"),
      page("Shrink a network", "/docs/shrink"),
      page("How to choose", "/docs/how-to-choose"),
      page("Runs and resume", "/docs/runs"),
      page("Sweeps", "/docs/sweeps"),
      page("Other tools", "/docs/other-tools"),
      page("Other frameworks", "/docs/other-frameworks"),
      page("In a browser", "/docs/browser"),
      page("Deploy", "/docs/deploy"),
      page("Many machines", "/docs/many-machines"),
      page("A regularizer of your own", "/docs/adding-a-regularizer"),
    ],
  },
  {
    text: "How it works",
    items: [
      page("The method", "/docs/method"),
      page("Architecture", "/docs/architecture"),
      page("Performance", "/docs/performance"),
      page("Notes of the benchmarks", "/bench/NOTES"),
      page("Log", "/docs/log"),
    ],
  },
  { text: "Results", items: [page("All results", "/docs/results")] },
  {
    text: "Reference",
    items: [
      page("Recipes", "/docs/recipes"),
      page("Command line", "/docs/command-line"),
      page("All that there is", "/docs/features"),
      page("The file", "/docs/format"),
    ],
  },
  {
    text: "API",
    items: entryPoints.map((name) =>
      page(name === "bregman" ? name : `bregman/${name}`, `/api/${name}`),
    ),
  },
  {
    text: "The project",
    items: [page("Changes", "/CHANGELOG"), page("Working on it", "/CONTRIBUTING")],
  },
];
