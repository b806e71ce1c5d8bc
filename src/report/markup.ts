/**
 * HTML by a template tag that escapes whatever is put into it. Only what the tag itself made, or
 * what is declared {@link safe}, goes in as markup.
 */
import { InternalError } from "../errors.js";

/**
 * Markup that needs no escaping. Only this file makes some: whatever else looks like it, say out of
 * a file, is none.
 */
class TrustedMarkup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether a value is one, and not only looks like one. */
  static is(value: object | null): value is TrustedMarkup {
    return value !== null && #text in value;
  }

  /** The text of an HTML file. */
  get markup(): string {
    return this.#text;
  }
}

export type Markup = TrustedMarkup;

type Part = Markup | string | number | undefined | readonly Part[];

/** Escapes the five characters that mean something in HTML, in text and in quoted attributes. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => names[character]);
}

/** Declares text to be markup, e.g. a figure's SVG. Never for text from a file. */
export function safe(markup: string): Markup {
  return new TrustedMarkup(markup);
}

/**
 * Markup from a template. Arrays are joined, `undefined` is nothing.
 *
 * @throws InternalError for what is neither text, number nor markup
 * @example
 * html`<td>${name}</td>`.markup
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new TrustedMarkup(
    strings.map((text, k) => text + (k < parts.length ? render(parts[k]) : "")).join(""),
  );
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return glue(escapeHtml(String(part)));
  if (Array.isArray(part)) return part.map(render).join("");
  if (typeof part === "object" && TrustedMarkup.is(part)) return part.markup;
  throw new InternalError(
    `expected text, a number or markup, found ${part === null ? "null" : typeof part}`,
  );
}

/** A number and its unit stay on one line. */
function glue(text: string): string {
  return text.replace(/(\d) (?=(?:%|[kM]?B|s|min|h)(?![a-zA-Z]))/g, "$1\u00a0");
}
