/** Numbers, arrays and names as C has them. */
import { InputError } from "../../errors.js";
import { floatText } from "../../nn/layers/c.js";

/** Types of the elements of constant arrays. */
export const BYTES = { float: 4, int8_t: 1, uint8_t: 1, uint16_t: 2, uint32_t: 4 } as const;
export type ElementType = keyof typeof BYTES;

/** The smallest type that holds whole numbers up to `most`. */
export function indexType(most: number): ElementType {
  return most < 2 ** 8 ? "uint8_t" : most < 2 ** 16 ? "uint16_t" : "uint32_t";
}

const COLUMNS = 96;

/** Words as lines, a comma behind each. */
function wrapped(words: Iterable<string>): string {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line.length + word.length + 2 > COLUMNS) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? `  ${word},` : ` ${word},`;
  }
  return [...lines, line].join("\n");
}

/** The definition of an array; without any numbers nobody reads it. */
export function arrayText(type: ElementType, name: string, numbers: ArrayLike<number>): string {
  const text: (x: number) => string = type === "float" ? floatText : String;
  return `static const ${type} ${name}[${numbers.length}] = {\n${wrapped(
    Array.from(numbers, text),
  )}\n};\n`;
}

/** A text that can stand in a comment or be part of a name, whatever it was. */
export function plainText(text: string): string {
  return text.replace(/[^\w .,:;()[\]+=%@-]/g, "_");
}

/** What no function can be called: words of C and C++, and functions of math.h. */
const TAKEN = new Set(
  `auto break case char const continue default do double else enum extern float for goto if inline
  int long register restrict return short signed sizeof static struct switch typedef union unsigned
  void volatile while asm bool catch class delete explicit export false friend mutable namespace new
  operator private protected public template this throw true try typename using virtual wchar_t
  and or not xor and_eq or_eq not_eq xor_eq bitand bitor compl alignas alignof char16_t char32_t
  constexpr decltype noexcept nullptr static_assert thread_local const_cast dynamic_cast
  reinterpret_cast static_cast typeid main acos asin atan atan2 cos sin tan acosh asinh atanh cosh
  sinh tanh exp exp2 expm1 frexp ilogb ldexp log log10 log1p log2 logb modf scalbn scalbln cbrt fabs
  hypot pow sqrt erf erfc lgamma tgamma ceil floor nearbyint rint lrint llrint round lround llround
  trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin fma gamma j0 j1 jn y0
  y1 yn signgam linux unix i386 abs labs`.split(/\s+/),
);

/**
 * @throws InputError unless a function can have this name
 */
export function checkIdentifier(who: string, name: unknown): asserts name is string {
  const isTaken = (text: string) => TAKEN.has(text) || TAKEN.has(text.replace(/[fl]$/, ""));
  if (
    typeof name === "string" &&
    /^[A-Za-z]\w*$/.test(name) &&
    !name.endsWith("_t") &&
    !isTaken(name)
  )
    return;
  const found = typeof name === "string" ? JSON.stringify(name) : String(name);
  throw new InputError(
    `${who}: expected a name that a function in C can have: letters, digits and "_", a letter ` +
      `first, no word of C or C++ and no function of math.h; found ${found}`,
  );
}
