/**
 * The examples in the documentation of regularizers, optimizers, starts and random numbers run, and
 * give what their comments say.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as biases from "#bregman/init/bias-init.js";
import * as starts from "#bregman/init/sparse-init.js";
import * as optim from "#bregman/optim/index.js";
import * as kernelForms from "#bregman/optim/kernel-form.js";
import * as random from "#bregman/random.js";
import * as regularizers from "#bregman/regularizers/index.js";
import { EXAMPLES } from "./support/regularizer-table.js";
import * as kernels from "#bregman/runtime/contract/update.js";
import { EXAMPLES as SCHEDULES } from "./support/schedule-table.js";

const names: Readonly<Record<string, unknown>> = {
  ...biases,
  ...starts,
  ...optim,
  ...kernelForms,
  ...random,
  ...regularizers,
  ...kernels,
};

/** What each example leaves in a variable, by its function. */
const claims: Readonly<Record<string, readonly [expression: string, value: unknown]>> = {
  ...Object.fromEntries(
    Object.entries(EXAMPLES).map(([file, claim]) => [`regularizers/${file}`, claim]),
  ),
  "optim/magnitude-pruning": ["[...theta]", [0, -3]],
  "optim/rig-l": ["[...state.mask]", [0, 1, 0, 1]],
  "optim/sparse-evolution": [
    "[[...theta], [...state.mask]]",
    [
      [1, 0, 0, 2],
      [1, 0, 0, 1],
    ],
  ],
  "optim/lin-breg": ["[state.v[0], theta[0]]", [1.5, 0.5]],
  "optim/ada-breg": ["[state.v[0].toFixed(3), theta[0].toFixed(3)]", ["0.300", "0.050"]],
  "optim/sgd": ["[...theta]", [0.5, 2.5]],
  "optim/adam": ["theta[0].toFixed(6)", "0.900000"],
  "optim/prox-sgd": ["theta[0]", 1],
  "optim/lasso-sgd": ["theta[0]", 1.5],
  ...Object.fromEntries(Object.entries(SCHEDULES).map(([file, claim]) => [`optim/${file}`, claim])),
  "optim/kernel-form": ["form.hyper(0.1, 1)[HYPER.threshold]", 0.5],
  "init/sparse-init": ["Math.abs(theta.filter((x) => x !== 0).length - 1568) < 200", true],
  "init/bias-init": ["bias.every((b) => b > 0 && b <= 1 / 28)", true],
};

/** The code of the @example blocks of a source file. */
function examples(file: string): string[] {
  const comments = readFileSync(file, "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment) => {
    const [, code] = comment.split("@example");
    return code
      ? [
          code
            .replace(/\*\/$/, "")
            .replace(/^[ \t]*\* ?/gm, "")
            .trim(),
        ]
      : [];
  });
}

/** Runs an example, then evaluates an expression in its scope. */
function run(code: string, expression: string): unknown {
  // oxlint-disable-next-line no-new-func -- the examples are our own text
  return new Function(...Object.keys(names), `"use strict";\n${code}\nreturn ${expression};`)(
    ...Object.values(names),
  );
}

describe.each(Object.entries(claims))("src/%s.ts", (file, [expression, value]) => {
  test("has one example, and it is true", () => {
    const found = examples(`src/${file}.ts`);
    expect(found.length).toBe(1);
    expect(run(found[0], expression)).toEqual(value);
  });
});

test("src/random.ts: both examples", () => {
  const [order, twins] = examples("src/random.ts");
  expect(
    run(order, "[order.length, new Set(order).size, order[0] !== 0 || order[1] !== 1]"),
  ).toEqual([60000, 60000, true]);
  expect(
    run(twins.replace("random.normal() ===", "const same = random.normal() ==="), "same"),
  ).toBe(true);
});

test("every file with an example is in the table", () => {
  const files = ["regularizers", "optim", "init"].flatMap((folder) =>
    readdirSync(`src/${folder}`).map((name) => `${folder}/${name.replace(".ts", "")}`),
  );
  expect(files.filter((file) => examples(`src/${file}.ts`).length > 0).sort()).toEqual(
    Object.keys(claims).sort(),
  );
});
