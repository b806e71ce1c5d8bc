/** Which columns a network gets of a file that may have more of them than it takes. */
import { expect, test } from "vitest";
import { featureColumns, type FeatureOptions } from "#bregman/data/csv-features.js";

const columns = (first: string, features: number, options: FeatureOptions = {}) => {
  const { header, features: places } = featureColumns(first.split("|"), features, options, "a.csv");
  return `${header ? "names" : "numbers"} ${places.join()}`;
};
const trained = { leftOut: ["kind", "id"] };

test.each([
  ["names of all that is taken", "a|b", 2, {}, "names 0,1"],
  ["a sample", "1.5|-2e3", 2, {}, "numbers 0,1"],
  ["one number", "5", 1, {}, "numbers 0"],
  ["spaces", " a | b ", 2, {}, "names 0,1"],
  ["the label of training, there", "a|kind|b", 2, trained, "names 0,2"],
  ["and what was ignored", "id|a|kind|b", 2, trained, "names 1,3"],
  ["a sample without them", "1|2.5", 2, trained, "numbers 0,1"],
  ["indices, in a file as that of training", "a|b|c", 2, { leftOut: [-1] }, "names 0,1"],
  ["in one without the label", "a|b", 2, { leftOut: [-1] }, "names 0,1"],
  ["in a sample with it", "1|3|cat", 2, { leftOut: [2] }, "numbers 0,1"],
  ["asked for", "a|b|c", 2, { leaveOut: ["b"] }, "names 0,2"],
  ["asked for by index", "7|3|9", 2, { leaveOut: [0] }, "numbers 1,2"],
  ["asked for, from the end", "a|b|c|d", 2, { leaveOut: [-1, "a"] }, "names 1,2"],
  ["numbers that are names", "1|2", 2, { header: true }, "names 0,1"],
  ["counted numbers that are none", "1|2", 2, { header: false }, "numbers 0,1"],
  ["as in training", "1|2", 2, { headerInTraining: false }, "numbers 0,1"],
  ["text, whatever training had", "a|b", 2, { headerInTraining: false }, "names 0,1"],
] as const)("%s", (_, first, features, options, expected) => {
  expect(columns(first, features, options)).toBe(expected);
});

const either = "row 1 may be the names of the columns or a sample: say --header or --no-header";
test.each([
  [
    "too few",
    "a",
    2,
    {},
    "expected 2 columns of numbers, as many as the network takes, found 1 column",
  ],
  ["too many", "a|b|c", 2, {}, "found 3 columns; --label and --ignore leave columns out"],
  ["too few are left", "a|b", 2, { leaveOut: ["b"] }, "found 2 columns, of which 1 left out"],
  ["the label in place of a feature", "a|kind", 2, trained, "found 2 columns, of which 1 left out"],
  ["a name nobody has", "a|kin", 1, { leaveOut: ["kind"] }, 'no column "kind" to leave out'],
  ["an index beyond", "a|b", 1, { leaveOut: [2] }, "column 2 to leave out: expected an index"],
  ["numbers that may count", "0|1|2", 3, {}, either],
  ["numbers where training had names", "4|7", 2, { headerInTraining: true }, either],
  ["half names, half numbers", "a|7", 2, {}, either],
  ["a sample with a gap", "4||2", 3, {}, either],
] as const)("%s: one line", (_, first, features, options, message) => {
  const read = () => columns(first, features, options);
  expect(read).toThrow(message);
  expect(read).toThrow(/^a\.csv: [^\n]*$/);
});
