// Writes the tables of results in README and docs/ from results/, so that no number of ours in them
// is typed by hand. After `npm run build`:
//   node scripts/results-table.mjs          rewrites the pages
//   node scripts/results-table.mjs --check  exits 1 with one line if a page is not what it would
//                                           write
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { benchTables } from "./bench-tables.mjs";
import { markdown, words } from "./markdown.mjs";
import { paperTable } from "./paper-table.mjs";
import { readmeTables } from "./readme-tables.mjs";
import { seedTables } from "./seed-tables.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = ["README.md", "docs/how-to-choose.md", "bench/NOTES.md", "docs/results.md"];
const BLOCK = /(<!-- results:(\S+) -->\n)[\s\S]*?(<!-- \/results -->)/g;

const blocks = {
  ...seedTables(),
  ...benchTables(),
  ...readmeTables(),
  paper: markdown(...paperTable()),
};

function stop(line) {
  console.error(line);
  process.exit(1);
}

const named = new Set();
const next = PAGES.map((file) => {
  const page = readFileSync(`${ROOT}${file}`, "utf8");
  const written = page.replace(BLOCK, (_, open, name, close) => {
    if (!(name in blocks))
      stop(`${file}: no table is called ${name}, there are ${Object.keys(blocks).join(", ")}`);
    named.add(name);
    return `${open}\n${blocks[name]}\n\n${close}`;
  });
  return { file, page, written };
});

const unnamed = Object.keys(blocks).filter((name) => !named.has(name));
if (unnamed.length > 0) stop(`on no page: the table ${unnamed.join(", ")}`);

for (const { file, page, written } of next) {
  if (!process.argv.includes("--check")) writeFileSync(`${ROOT}${file}`, written);
  else if (words(written) !== words(page)) {
    stop(
      `${file}: the results tables are not those of results/: run node scripts/results-table.mjs`,
    );
  }
}
