/**
 * Nobody asks for the kind of a regularizer: outside src/regularizers it is read into messages
 * only.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../../src");

/** Where the kind of a regularizer is read: in a message, or for anything else. */
function readings(): { readonly messages: Set<string>; readonly others: string[] } {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("regularizers/"))
    .filter((file) => {
      // Whoever has a regularizer in hand says the word, if only in an import. The others needn't
      // be compiled.
      const text = readFileSync(join(SRC, file), "utf8");
      return /\bkind\b/.test(text) && /regularizer/i.test(text);
    });
  const program = ts.createProgram(
    files.map((file) => join(SRC, file)),
    {
      module: ts.ModuleKind.NodeNext,
      lib: ["lib.es2023.d.ts"],
      types: [],
      strict: true,
      noEmit: true,
    },
  );
  const checker = program.getTypeChecker();
  /** Whether the thing that has the property is a regularizer. */
  const ofRegularizer = (owner: ts.Node): boolean => {
    const type = checker.getTypeAtLocation(owner);
    return ["prox", "subgradient", "lambda"].every((name) => type.getProperty(name) !== undefined);
  };
  const [messages, others] = [new Set<string>(), [] as string[]];
  for (const file of files) {
    const source = program.getSourceFile(join(SRC, file))!;
    const visit = (node: ts.Node): void => {
      if (
        ts.isPropertyAccessExpression(node) &&
        node.name.text === "kind" &&
        ofRegularizer(node.expression)
      ) {
        if (ts.isTemplateSpan(node.parent)) messages.add(file);
        else others.push(placeOf(node));
      }
      // const { kind } = regularizer, also as a parameter
      if (ts.isObjectBindingPattern(node) && ofRegularizer(node)) {
        const names = node.elements.map(({ propertyName, name }) =>
          (propertyName ?? name).getText(),
        );
        if (names.includes("kind")) others.push(placeOf(node));
      }
      ts.forEachChild(node, visit);
    };
    const placeOf = (node: ts.Node): string => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      return `${relative(SRC, source.fileName)}:${line + 1}: ${node.parent.getText().slice(0, 60)}`;
    };
    visit(source);
  }
  return { messages, others };
}

test("in src", { timeout: 120_000 }, () => {
  const { messages, others } = readings();
  // The scan sees the code.
  expect(messages).toContain("optim/lasso-sgd.ts");
  expect(others).toEqual([]);
});
