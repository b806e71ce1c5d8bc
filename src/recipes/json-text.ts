/**
 * JSON that people write, such as a recipe: it may have comments, and what is wrong with it is told
 * with its place in the text.
 */
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  stripComments,
  printParseErrorCode,
} from "jsonc-parser";
import type * as z from "../bundled/zod.js";
import { InputError } from "../errors.js";
import { TOO_DEEP, tooDeepAt } from "../json.js";
import { check, pathName, type Problem } from "./problems.js";

/** A text that was read. */
export interface JsonText {
  /**
   * Its value as a schema has it, defaults filled in. `what` the text is, for the error: "recipe".
   *
   * @throws InputError: the first line names the source, then follows one line for each problem
   */
  checked<Value>(schema: z.ZodType<Value>, what: string): Value;
  /** The error for problems that were found in the value later. */
  fault(problems: readonly Problem[], what: string): InputError;
}

/**
 * Reads JSON text, which may have comments. `where` names the source in error messages.
 *
 * @throws InputError if the text is not JSON, has a key twice or is nested too deeply, with line
 *   and column
 */
export function readJsonText(source: string, where: string): JsonText {
  // Some editors put a byte order mark in front.
  // Comments become blanks, so that all else stays where it is.
  const text = stripComments(source.replace(/^\uFEFF/, ""), " ");
  const deep = tooDeepAt(text);
  if (deep !== undefined) throw new InputError(`${where}:${position(text, deep)}: ${TOO_DEEP}`);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false,
  });
  if (errors.length > 0 || tree === undefined) {
    const { offset, error } = errors[0] ?? { offset: 0, error: 0 };
    const fault = words(printParseErrorCode(error));
    throw new InputError(`${where}:${position(text, offset)}: not valid JSON: ${fault}`);
  }
  const repeated = repeatedKey(tree);
  if (repeated !== undefined) {
    throw new InputError(
      `${where}:${position(text, repeated.offset)}: key "${repeated.value}" is there twice`,
    );
  }
  const place = { text, tree };
  return {
    checked: (schema, what) => checkedValue(schema, JSON.parse(text), { where, what, place }),
    fault: (problems, what) => faultOf(problems, { where, what, place }),
  };
}

interface TextPlace {
  readonly text: string;
  readonly tree: Node;
}

interface TextSource {
  /** Names the source, for errors. */
  readonly where: string;
  /** What it is: "recipe". */
  readonly what: string;
  /** Its text; undefined for a value that comes of none. */
  readonly place?: TextPlace;
}

/**
 * A value as a schema has it.
 *
 * @throws InputError as {@link JsonText.checked}
 */
export function checkedValue<Value>(
  schema: z.ZodType<Value>,
  input: unknown,
  source: TextSource,
): Value {
  const result = check(schema, input);
  if ("value" in result) return result.value;
  throw faultOf(result.problems, source);
}

function faultOf(problems: readonly Problem[], { where, what, place }: TextSource): InputError {
  const said = ({ path, text }: Problem): string => `${pathName(path, what)}: ${text}`;
  const lines = place === undefined ? problems.map(said) : placed(problems, said, place);
  const number = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
  return new InputError(
    [`${where}: not a valid ${what}: ${number}`, ...lines.map((line) => `  ${line}`)].join("\n"),
  );
}

/** The problems in the order of the text, each with its line and column. */
function placed(
  problems: readonly Problem[],
  said: (problem: Problem) => string,
  { text, tree }: TextPlace,
): string[] {
  return problems
    .map((problem) => ({ offset: offsetOf(tree, problem.path), line: said(problem) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, line }) => `${position(text, offset)} ${line}`);
}

/**
 * Where the key begins; an absent key has no place of its own, so its nearest ancestor's is taken.
 */
function offsetOf(tree: Node, path: readonly PropertyKey[]): number {
  for (let end = path.length; end > 0; end--) {
    const node = findNodeAtLocation(tree, path.slice(0, end) as (string | number)[]);
    if (node !== undefined)
      return node.parent?.type === "property" ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

/** "line:column", both from 1. */
function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${before[before.length - 1].length + 1}`;
}

/** JSON.parse keeps the last of two equal keys in silence; the writer meant one of them. */
function repeatedKey(node: Node): Node | undefined {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const key = child.type === "property" ? child.children![0] : undefined;
    if (key !== undefined && seen.has(key.value)) return key;
    seen.add(key?.value);
    const inner = repeatedKey(child);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** CommaExpected -> comma expected */
function words(code: string): string {
  return code.replace(/(?<=.)([A-Z])/g, " $1").toLowerCase();
}
