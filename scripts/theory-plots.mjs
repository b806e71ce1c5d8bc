// Writes docs/plots/*.svg and the table of docs/method.md from the experiments that test/theory
// checks, so that no curve and no figure there is made by hand. The experiments are TypeScript, so
// it is vitest that runs them: test/docs/method.test.ts.
//   npm run build && node scripts/theory-plots.mjs
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, BREGMAN_WRITE_PLOTS: "1" };
const run = (...args) => spawnSync("npx", args, { cwd, env, stdio: "inherit" }).status ?? 1;
process.exitCode =
  run("vitest", "run", "test/docs/method.test.ts") || run("oxfmt", "--write", "docs/method.md");
