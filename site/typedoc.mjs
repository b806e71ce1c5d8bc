// Writes the pages of the API, one for each entry point of package.json, into site/api, which git
// ignores. After `npm run build`. A link in a docstring that leads nowhere is an error, and so is a
// type that a signature names and no entry point has.
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application, Converter, ReflectionKind } from "typedoc";
import { MarkdownPageEvent } from "typedoc-plugin-markdown";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const RECIPES = ["Recipe", "RecipeInput"];

const { exports } = JSON.parse(readFileSync(here("../package.json"), "utf8"));
/** Entry points by their files; the pool's worker is started, not imported: it exports nothing. */
const entries = Object.entries(exports)
  .filter(([key, { types }]) => types !== undefined && key !== "./pool-worker")
  .map(([key, { types }]) => ({ name: key === "." ? "bregman" : key.slice(2), types }));
const entryPoints = entries.map(({ types }) => here(types.replace("./", "../")));

/** What TypeDoc calls the module of a file, and the name that it is to have. */
const NAMES = new Map(
  entries.map(({ name, types }) => [types.replace(/^\.\/dist\/|(\/index)?\.d\.ts$/g, ""), name]),
);

const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  name: "API",
  entryPoints,
  tsconfig: here("tsconfig.api.json"),
  skipErrorChecking: true,
  out: here("api"),
  outputFileStrategy: "modules",
  publicPath: "/api/",
  readme: "none",
  disableSources: true,
  excludeInternal: true,
  excludeExternals: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  groupOrder: ["Functions", "Classes", "Interfaces", "Type Aliases", "Variables", "*"],
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  sanitizeComments: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  // The module of the kinds of layers, of whose functions the type Layer is made.
  intentionallyNotExported: ["layers"],
  validation: { notExported: true, invalidLink: true, notDocumented: false },
});

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  // What stands beside a function, such as the rule of a layer, is for the library itself.
  for (const namespace of project.getReflectionsByKind(ReflectionKind.Namespace))
    project.removeReflection(namespace);
  for (const module of project.children) {
    module.name = NAMES.get(module.name);
    // The keys of a recipe have a page of their own.
    for (const { name, children = [] } of module.children)
      if (RECIPES.includes(name)) for (const key of children.slice()) project.removeReflection(key);
  }
});
app.renderer.on(MarkdownPageEvent.END, (page) => {
  page.contents = page.contents
    .replace(/^# (?!bregman$)(.*)$/m, "# bregman/$1")
    .replace(/^### .*\n\nRe-exports (\[.*\))(\n\n\*\*\*)?\n\n?/gm, "- $1\n");
});

const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
rmSync(here("api/README.md"));
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
