/**
 * The documentation as a site: `npm run docs` serves it, `npm run docs:build` makes a folder for
 * any host, site/.vitepress/dist. Pages keep the paths that they have in the repository, so that
 * their links hold there and here.
 */
import { defineConfig } from "vitepress";
import { useCodeBlocks } from "./code-blocks.js";
import { ROOT, serveLinkedFiles, useFileLinks, writeLinkedFiles } from "./file-links.js";
import { sidebar } from "./sidebar.js";

export default defineConfig({
  title: "bregman",
  description: "Small neural networks for TypeScript, sparse from the first step",
  lang: "en",
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: ROOT,
  srcExclude: [
    "!(docs|examples|bench|site)/**/*.md",
    "README.md",
    "bench/README.md",
    "examples/*/**",
  ],
  rewrites: { "site/index.md": "index.md", "site/api/:page.md": "api/:page.md" },
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config(markdown) {
      useFileLinks(markdown);
      useCodeBlocks(markdown);
    },
  },
  vite: { configFile: false, publicDir: false, plugins: [serveLinkedFiles] },
  buildEnd: ({ outDir }) => writeLinkedFiles(outDir),
  themeConfig: {
    nav: [
      { text: "Start", link: "/docs/start" },
      { text: "Results", link: "/docs/results" },
      { text: "API", link: "/api/bregman" },
      { text: "Playground", link: "/playground/", target: "_self" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    externalLinkIcon: false,
  },
});
