// Writes docs/command-line.md from what the commands say of themselves. After `npm run build`:
//   node scripts/command-line.mjs          rewrites the page
//   node scripts/command-line.mjs --check  exits 1 with one line if the page is not what it would
//                                          write
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [MAIN, PAGE] = ["../dist/cli/main.js", "../docs/command-line.md"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const help = (/** @type {string[]} */ ...args) =>
  execFileSync(process.execPath, [MAIN, ...args, "--help"], {
    encoding: "utf8",
    env: { ...process.env, COLUMNS: "80", NO_COLOR: "1" },
  }).trim();

const all = help();
const commands = [...all.slice(all.indexOf("Commands:")).matchAll(/^ {2}([a-z][\w-]*)/gm)]
  .map(([, name]) => name)
  .filter((name) => name !== "help");
const block = (/** @type {string} */ text) => `\`\`\`text\n${text}\n\`\`\``;
const page = `# Commands

What each command is for, and its options; \`bregman help <command>\` prints the same. In a clone
\`npm run bregman -- <command>\` runs it. This page is written by \`scripts/command-line.mjs\`.

${block(all)}

${commands.map((name) => `## ${name}\n\n${block(help(name))}`).join("\n\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, "utf8") !== page) {
  console.error("docs/command-line.md is not what the commands say: node scripts/command-line.mjs");
  process.exit(1);
}
