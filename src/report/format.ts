/**
 * Numbers as a person reads them, the same in the terminal and in the report. No locale: the same
 * text on every machine.
 */

/** A figure in units of its own, such as a mean error: four digits. */
export function figure(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value)
    ? "–"
    : String(Number(value.toPrecision(4)));
}

/** 173600 -> "173,600". */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** In five characters: 9999 -> "9,999", 26327 -> "26k", 2700000 -> "2.7M". */
export function briefCount(n: number): string {
  if (n < 9999.5) return count(n);
  if (n < 999_500) return `${Math.round(n / 1000)}k`;
  const millions = n / 1e6;
  return `${millions < 99.95 ? millions.toFixed(1) : Math.round(millions)}M`;
}

/**
 * A fraction as a percentage: 0.0381 -> "3.81 %". "–" if it is absent or not finite (JSON turns NaN
 * into null).
 */
export function percent(fraction: number | null | undefined, decimals = 2): string {
  if (!isNumber(fraction)) return "–";
  return `${(100 * fraction).toFixed(decimals)} %`;
}

/** A loss: four decimals in the usual range, powers of ten outside it. */
export function loss(value: number | null | undefined): string {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e4) ? value.toExponential(2) : value.toFixed(4);
}

/** A structural similarity, at most 1: 0.93124 -> "0.931". */
export function similarity(value: number | null | undefined): string {
  return isNumber(value) ? value.toFixed(3) : "–";
}

/** A learning rate or another parameter, without trailing zeros: 0.1, 0.05, 2.5e-5. */
export function parameter(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Bytes in decimal units: 694400 -> "694 kB". */
export function bytes(n: number): string {
  if (n < 1000) return `${Math.round(n)} B`;
  const [value, unit] = n < 999_500 ? [n / 1e3, "kB"] : [n / 1e6, "MB"];
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** Floating point operations: 1.64e9 -> "1.64 GFLOP". */
export function flops(n: number): string {
  const rounded = Number(n.toPrecision(3));
  const power = Math.min(6, Math.max(1, Math.floor(Math.log10(rounded) / 3)));
  return `${(rounded / 1000 ** power).toPrecision(3)} ${"kMGTPE"[power - 1]}FLOP`;
}

/** The time of a step: 0.000904 -> "0.904 ms", 1.6 -> "1.60 s". */
export function stepTime(seconds: number): string {
  if (seconds >= 99.95) return duration(seconds);
  return seconds < 0.9995 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}

/**
 * A ratio of two times, and which way: 3.62 -> "3.6 times as fast", 0.5 -> "0.50 times as fast".
 */
export function speed(ratio: number): string {
  return `${times(ratio)} as fast`;
}

/**
 * How many times less something is than the whole it is a part of: 1/43 -> "43 times less"; ""
 * where it is hardly less.
 */
export function timesLess(part: number, whole = 1): string {
  const ratio = whole / part;
  return ratio >= 1.05 && ratio < Infinity ? `${times(ratio)} less` : "";
}

function times(ratio: number): string {
  return `${ratio >= 9.95 ? ratio.toFixed(0) : ratio >= 0.995 ? ratio.toFixed(1) : ratio.toFixed(2)} times`;
}

/** A span of time in words: "41.2 s", "12 min 03 s", "1 h 02 min". */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A span of time as a clock: "0:41", "12:03", "1:02:03". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** [200, 784] -> "200 × 784". */
export function shape(dimensions: readonly number[]): string {
  return dimensions.join(" × ");
}

/** The name of a backend with its instruction set: "native (AVX-512)". */
export function backendName(backend: string, isa?: string): string {
  const names: Record<string, string> = {
    avx512: "AVX-512",
    "avx512+bf16": "AVX-512, BF16",
    "avx512+amx": "AVX-512, AMX",
    avx2: "AVX2",
    neon: "NEON",
    simd128: "SIMD128",
  };
  return isa ? `${backend} (${names[isa.toLowerCase()] ?? isa})` : backend;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
