/**
 * The entry points: which names each has, and that a name means one thing wherever it stands.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  exports: Record<string, { types: string } | string>;
};
const entries = Object.entries(exports).flatMap(([key, value]) =>
  typeof value === "string" ? [] : { key, file: value.types },
);
const sourceOf = (types: string) =>
  `${root}/${types.replace("./dist/", "src/").replace(".d.ts", ".ts")}`;

const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => readFileSync(path, "utf8"));
const { options } = ts.convertCompilerOptionsFromJson(
  (config as { compilerOptions: object }).compilerOptions,
  root,
);
const sources = ts.sys.readDirectory(`${root}/src`, [".ts"]);
const program = ts.createProgram(sources, { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** What `bregman` loads when it is called. */
const LATE = "src/when-called.ts";

/** What a module exports: each name with the place where it is declared. */
function namesOf(path: string): { name: string; isType: boolean; declared: string }[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
  return checker.getExportsOfModule(module!).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.declarations!;
    return {
      name: symbol.name,
      isType: (target.flags & ts.SymbolFlags.Value) === 0,
      declared: declaration.getSourceFile().fileName.slice(root.length),
    };
  });
}

test("`bregman` has what a first program needs, and no more", () => {
  const values = namesOf(sourceOf("./dist/index.d.ts")).filter(({ isType }) => !isType);
  expect(values.length).toBeLessThanOrEqual(30);
});

test("all that `bregman` has is in an entry point of its room, too", () => {
  const rooms = entries.filter(({ key }) => key !== "." && key !== "./browser");
  const inRooms = new Set(
    rooms.flatMap(({ file }) =>
      namesOf(sourceOf(file)).map(({ name, declared }) => `${name} of ${declared}`),
    ),
  );
  const alone = namesOf(sourceOf("./dist/index.d.ts"))
    .filter(({ declared }) => declared !== LATE)
    .map(({ name, declared }) => `${name} of ${declared}`)
    .filter((one) => !inRooms.has(one));
  expect(alone).toEqual([]);
});

test("what `bregman` loads when it is called is of its room, and has its type", () => {
  const late = checker.getSymbolAtLocation(program.getSourceFile(`${root}${LATE}`)!)!;
  const rooms = new Map(
    entries
      .filter(({ key }) => ["./predict", "./train"].includes(key))
      .flatMap(({ file }) => {
        const module = checker.getSymbolAtLocation(program.getSourceFile(sourceOf(file))!)!;
        return checker
          .getExportsOfModule(module)
          .map((symbol) => [symbol.name, symbol] as [string, ts.Symbol]);
      }),
  );
  const typeOf = (symbol: ts.Symbol) => {
    const isAlias = symbol.flags & ts.SymbolFlags.Alias;
    return checker.getTypeOfSymbol(isAlias ? checker.getAliasedSymbol(symbol) : symbol);
  };
  const all = checker.getExportsOfModule(late);
  expect(all.length).toBeGreaterThan(0);
  for (const symbol of all) {
    expect(typeOf(symbol), symbol.name).toBe(typeOf(rooms.get(symbol.name)!));
  }
});

test("a type's name is one type, in all of src/", () => {
  const homes = new Map<string, Set<string>>();
  for (const path of sources) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
    if (!module) continue;
    for (const { name, isType, declared } of namesOf(path)) {
      if (isType) homes.set(name, (homes.get(name) ?? new Set()).add(declared));
    }
  }
  const several = [...homes].filter(([, files]) => files.size > 1);
  expect(several.map(([name, files]) => `${name}: ${[...files].join(", ")}`)).toEqual([]);
});

test("a function of `bregman/browser` without files stands in for one of the same name", () => {
  const inBrowser = new Map(
    namesOf(sourceOf("./dist/browser.d.ts")).map(({ name, declared }) => [name, declared]),
  );
  // Those of `bregman/optax` are of another library's arrays.
  const others = entries
    .filter(({ key }) => !["./browser", "./optax"].includes(key))
    .flatMap(({ file }) => namesOf(sourceOf(file)))
    .filter(({ declared }) => declared !== LATE)
    .filter(({ name, declared }) => (inBrowser.get(name) ?? declared) !== declared);
  expect([...new Set(others.map(({ name }) => name))]).toEqual(["fit"]);
});
