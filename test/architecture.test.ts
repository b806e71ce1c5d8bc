/**
 * The folders are the architecture: imports run one way, without cycles, and files stay small
 * enough to read.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { layerKinds } from "#bregman/nn/layers/rules.js";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** What the files of a folder may import, besides their own folder and the leaves below. */
const ALLOWED: Record<string, readonly string[]> = {
  regularizers: [],
  runtime: [],
  ranks: ["runtime"],
  optim: ["regularizers", "runtime"],
  init: ["regularizers"],
  nn: ["regularizers", "runtime"],
  models: ["nn"],
  data: [],
  export: ["nn", "regularizers", "runtime"],
  recipes: ["data", "export", "models", "nn", "optim", "regularizers", "init"],
  engine: ["export", "init", "nn", "optim", "ranks", "regularizers", "runtime"],
  predict: ["engine", "export", "nn", "regularizers", "runtime"],
  measure: ["data", "engine", "export", "nn", "optim", "regularizers", "runtime"],
  train: [
    "data",
    "engine",
    "export",
    "init",
    "measure",
    "nn",
    "optim",
    "ranks",
    "regularizers",
    "runtime",
  ],
  runs: [
    "data",
    "engine",
    "export",
    "measure",
    "models",
    "nn",
    "optim",
    "ranks",
    "recipes",
    "runtime",
    "train",
  ],
  sweep: ["data", "measure", "recipes", "runs", "train"],
  report: ["measure", "runs", "export", "recipes", "sweep"],
  peers: ["optim", "regularizers"],
  track: ["data", "engine", "export", "measure", "report", "runtime"],
  dashboard: ["measure", "nn", "recipes", "report", "runs"],
  cli: [
    "dashboard",
    "data",
    "engine",
    "export",
    "measure",
    "nn",
    "predict",
    "ranks",
    "recipes",
    "report",
    "runs",
    "runtime",
    "sweep",
    "track",
    "train",
  ],
};
/**
 * Files of src/ itself that import nothing of the project, except each other, and may be imported
 * by anybody.
 */
const LEAVES = [
  "crc32.ts",
  "shape-size.ts",
  "random.ts",
  "nearest.ts",
  "known-options.ts",
  "disjoint-sets.ts",
  "median.ts",
  "extremes.ts",
  "atomic-file.ts",
  "read-file.ts",
  "json.ts",
  "thin.ts",
  "own-folder.ts",
  "folder-lock.ts",
  "joined.ts",
  "inputs.ts",
  "pick-rows.ts",
  "kinds.ts",
  "package-file.ts",
  "placed.ts",
  "layer-densities.ts",
  "normalization.ts",
  "preparation.ts",
  "entry.ts",
  "errors.ts",
  "emit-warning.ts",
  "room-for.ts",
  "without-undefined.ts",
];

/** The entry points (package.json) and their parts that need no files: they may name any room. */
const ENTRIES = [
  "index.ts",
  "when-called.ts",
  "browser.ts",
  ...["nn", "data", "train", "export", "predict"].map((room) => `${room}/index.ts`),
  ...["data", "train", "export"].map((room) => `${room}/in-memory.ts`),
];

interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone when compiled: it may not break the direction either, but it can close a circle. */
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(join(SRC, from), "utf8");
  return [
    ...text.matchAll(/(import type [^;"]*|export type [^;"]*|)(?:from|import\()\s*"(\.[^"]+)"/g),
  ].map(([, typeOnly, specifier]) => {
    const path = resolve(dirname(join(SRC, from)), specifier.replace(/\.js$/, ".ts"));
    return { from, to: relative(SRC, path), typeOnly: typeOnly !== "" };
  });
});
const parsed = new Map<string, ts.SourceFile>();
/** A file of src/, parsed. */
const sourceOf = (file: string): ts.SourceFile => {
  const known = parsed.get(file);
  if (known) return known;
  const text = readFileSync(join(SRC, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  parsed.set(file, source);
  return source;
};
const folderOf = (file: string) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");

test("the scan sees the code", () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports).toContainEqual({ from: "cli/train.ts", to: "recipes/load.ts", typeOnly: false });
});

test("imports run one way", () => {
  const wrong = imports.filter(({ from, to }) => {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (ENTRIES.includes(from) || a === b || LEAVES.includes(to)) return false;
    // Libraries: below all rooms.
    if (b === "bundled") return false;
    return !(ALLOWED[a] ?? []).includes(b);
  });
  expect(wrong).toEqual([]);
});

test("no file imports itself through others", () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports.filter(({ typeOnly }) => !typeOnly))
    next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  expect(files.map((file) => visit(file, [])).find(Boolean)).toBeUndefined();
});

test("what a browser loads has no module and no Buffer of Node", () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) visit(to);
  };
  visit("browser.ts");
  expect(reached.size).toBeGreaterThan(100);
  // Only code counts: comments may speak of a Buffer.
  const code = (file: string) =>
    readFileSync(join(SRC, file), "utf8").replace(/^\s*(\*|\/\/|\/\*).*$/gm, "");
  const foreign = [...reached].filter((file) =>
    /from "node:|\bBuffer\.|(?<!globalThis\.)\bprocess\./.test(code(file)),
  );
  expect(foreign).toEqual([]);
});

test("the dashboard's page loads itself, and what its server gives it of other rooms", () => {
  const pages = files.filter((file) => file.startsWith("dashboard/page/"));
  expect(pages).toContain("dashboard/page/main.ts");
  const others = imports.filter(
    ({ from, to, typeOnly }) => pages.includes(from) && !pages.includes(to) && !typeOnly,
  );
  expect([...new Set(others.map(({ to }) => to))]).toEqual(
    expect.arrayContaining(["report/format.ts", "bundled/uplot.ts"]),
  );
  expect(new Set(others.map(({ to }) => to)).size).toBe(2);
  expect(imports.filter(({ from }) => from === "report/format.ts")).toEqual([]);
});

describe("house rules", () => {
  test.each(files)("%s", (file) => {
    const text = readFileSync(join(SRC, file), "utf8");
    expect(text.split("\n").length, "lines").toBeLessThanOrEqual(350);
    expect(text).not.toMatch(/^export default/m);
    expect(text).not.toMatch(/^(export )?(const )?enum /m);
    // An array or an error of another realm is an instance of a class of the same name, which is
    // another: see kinds.ts.
    const classes = [...text.matchAll(/\binstanceof (\w+)/g)].map(([, name]) => name);
    if (file !== "kinds.ts") expect(classes.filter((name) => name in globalThis)).toEqual([]);
    if (file !== "cli/main.ts") expect(text.trimStart()).toMatch(/^\/\*\*/);
  });
});

/** Lines of a function, at most. */
const LONGEST = 80;

test("functions are short enough to read", () => {
  const long = files.flatMap((file) => {
    const source = sourceOf(file);
    const found: string[] = [];
    const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && "body" in node && node.body) {
        const name = `${file} ${node.name?.getText() ?? "(no name)"}`;
        const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
        if (lines > LONGEST) found.push(`${name}: ${lines} lines`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(long).toEqual([]);
});

test("no array is spread into the arguments of a call: an engine has room for some 100,000 (src/extremes.ts)", () => {
  const spread = files.flatMap((file) => {
    const source = sourceOf(file);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
      if (isCall && node.arguments?.some(ts.isSpreadElement)) {
        found.push(
          `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
        );
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(spread).toEqual([]);
});

/** Kinds of a weight's form; those of a pattern. */
const FORMS = ["dense", "entries", "pairs"];
const PATTERNS = ["entries", "pairs"];
const EQUALITY = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

test("which form a weight has, only its forms ask, and who chooses between kernels for all of them", () => {
  const asking = files
    .filter((file) => !file.startsWith("runtime/form/"))
    .flatMap((file) => {
      const source = sourceOf(file);
      const found: string[] = [];
      const say = (node: ts.Node) =>
        found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      const kindIn = (node: ts.Expression, kinds: readonly string[]) =>
        ts.isStringLiteral(node) && kinds.includes(node.text);
      const visit = (node: ts.Node): void => {
        if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
          const sides = [node.left, node.right];
          const ofKind = sides.some((side) => /\bkind$/.test(side.getText()));
          if (sides.some((side) => kindIn(side, ofKind ? FORMS : ["pairs"]))) say(node);
        }
        if (ts.isSwitchStatement(node)) {
          const { clauses } = node.caseBlock;
          const cases = clauses.flatMap((clause) =>
            ts.isCaseClause(clause) && ts.isStringLiteral(clause.expression)
              ? [clause.expression.text]
              : [],
          );
          const isOfForms = cases.includes("pairs");
          const isWhole = PATTERNS.every((kind) => cases.includes(kind));
          if (isOfForms && (!isWhole || cases.length < clauses.length)) say(node);
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });
  expect(asking).toEqual([]);
});

test("what is thrown is of our own classes (src/errors.ts)", () => {
  const web = readdirSync(join(SRC, "../web"), { recursive: true, encoding: "utf8" });
  const pages = web.filter((file) => file.endsWith(".ts")).map((file) => join("../web", file));
  expect(pages).toContain("../web/mnist.ts");
  const foreign = [...files, ...pages].flatMap((file) => {
    const source = sourceOf(file);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const made = ts.isNewExpression(node) || ts.isCallExpression(node) ? node.expression : null;
      if (
        made &&
        /^(globalThis\.)?(|Range|Type|Syntax|Eval|URI|Reference|Aggregate)Error$/.test(
          made.getText(),
        )
      ) {
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.push(`${file}:${line}: ${made.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(foreign).toEqual([]);
});

/** Rooms in which layers are made: everywhere else their rules are asked, not their kinds. */
const MAKERS = ["nn/layers/", "models/"];

/** Comparisons of a kind with a layer's name in a source, by their lines. */
function comparedKinds(source: ts.SourceFile): string[] {
  const names: ReadonlySet<string> = new Set(layerKinds);
  const found: string[] = [];
  const isName = (node: ts.Node): boolean =>
    (ts.isStringLiteralLike(node) && names.has(node.text)) ||
    (ts.isAsExpression(node) && isName(node.expression)) ||
    (ts.isArrayLiteralExpression(node) && node.elements.some(isName));
  /** Names that a kind goes by in this file. */
  const kinds = new Set(["kind"]);
  const isKind = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && kinds.has(node.text)) || node.getChildren().some(isKind);
  const collect = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer)
      if (ts.isPropertyAccessExpression(node.initializer) && isKind(node.initializer.name))
        kinds.add(node.name.text);
    if (ts.isBindingElement(node) && node.propertyName?.getText() === "kind")
      kinds.add(node.name.getText());
    ts.forEachChild(node, collect);
  };
  collect(source);
  const EQUALS = /^[!=]==?$/;
  const visit = (node: ts.Node): void => {
    const [one, other] = ts.isBinaryExpression(node)
      ? EQUALS.test(node.operatorToken.getText())
        ? [node.left, node.right]
        : []
      : ts.isCaseClause(node)
        ? [node.expression, node.parent.parent.expression]
        : ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)
          ? [node.expression.expression, node.arguments[0]]
          : [];
    if (one && other && ((isName(one) && isKind(other)) || (isKind(one) && isName(other))))
      found.push(
        `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("what a layer is to others its rule says: nobody compares its kind with a name", () => {
  const others = files.filter((file) => !MAKERS.some((room) => file.startsWith(room)));
  expect(others.flatMap((file) => comparedKinds(sourceOf(file)))).toEqual([]);
});

test.each([
  'if (layer.kind === "relu") f();',
  'const isLinear = "linear" !== node.layer.kind;',
  'switch (layer.kind) { case "conv2d": f(); }',
  'const joins = ["add", "concat"].includes(layer.kind);',
  'const { kind } = layer; if (kind == "dropout") f();',
  'const of = layer.kind; if (of === "flatten") f();',
  'const { kind: what } = layer; if (what === "flatten") f();',
  'const kind = (k: number) => nodes[k].layer.kind; if (kind(3) === "relu") f();',
])("such a comparison is found: %s", (text) => {
  const source = ts.createSourceFile("some.ts", text, ts.ScriptTarget.Latest, true);
  expect(comparedKinds(source)).toEqual(["some.ts:1"]);
});
