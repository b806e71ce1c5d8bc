/**
 * Reads the literals of Python that headers of NumPy are written in: dictionaries, tuples, lists,
 * text, whole numbers, True, False and None. As in Python, blanks don't matter, quotes are of
 * either kind, and numbers of Python 2 may end with L.
 */
import { UnusableFileError } from "../errors.js";

/** Tuples and lists come as arrays, dictionaries as maps. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonValue[]
  | Map<PythonValue, PythonValue>;

/** Headers need 3: a tuple in a list in a dictionary. */
const DEEPEST = 16;

const TOKEN =
  /\s*(?:([{}()[\],:])|[uU]?(?:'([^'\\\n]*)'|"([^"\\\n]*)")|(\d+)[lL]?\b|(True|False|None)\b)/y;
const WORDS = { True: true, False: false, None: null };
const CLOSES = { "(": ")", "[": "]", "{": "}" };

interface Token {
  /** A bracket, comma or colon; where there is none, `value` counts. */
  readonly mark?: string;
  readonly value: string | number | boolean | null;
}

/**
 * The value that `text` stands for.
 *
 * @example
 * pythonLiteral("{'shape': (6L, 4L), }"); // new Map([["shape", [6, 4]]])
 *
 * @throws UnusableFileError if it is no such literal
 */
export function pythonLiteral(text: string): PythonValue {
  const tokens = tokensOf(text);
  let at = 0;
  const fault = (): UnusableFileError =>
    new UnusableFileError(`expected a Python literal, found ${JSON.stringify(text)}`);
  const isMark = (mark: string): boolean => tokens[at]?.mark === mark;
  const expectMark = (mark: string): void => {
    if (!isMark(mark)) throw fault();
    at++;
  };

  const value = (depth: number): PythonValue => {
    const token = tokens[at++];
    if (token === undefined || depth > DEEPEST) throw fault();
    if (token.mark === undefined) return token.value;
    if (!Object.hasOwn(CLOSES, token.mark)) throw fault();
    const close = CLOSES[token.mark as keyof typeof CLOSES];
    const isMap = close === "}";
    const items: PythonValue[] = [];
    const entries = new Map<PythonValue, PythonValue>();
    while (!isMark(close)) {
      const item = value(depth + 1);
      if (isMap) {
        expectMark(":");
        entries.set(item, value(depth + 1));
      } else items.push(item);
      if (!isMark(close)) expectMark(",");
    }
    at++;
    return isMap ? entries : items;
  };

  const result = value(0);
  if (at < tokens.length) throw fault();
  return result;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null)
      throw new UnusableFileError(
        `expected a Python literal, found ${JSON.stringify(text.slice(from))}`,
      );
    const [, mark, single, double, digits, word] = found;
    if (mark !== undefined) tokens.push({ mark, value: null });
    else if (digits !== undefined) tokens.push({ value: Number(digits) });
    else if (word !== undefined) tokens.push({ value: WORDS[word as keyof typeof WORDS] });
    else tokens.push({ value: single ?? double });
  }
  return tokens;
}
