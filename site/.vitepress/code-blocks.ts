/** Blocks of code: the name of their file over them, and each highlighted only once. */
import type { MarkdownRenderer } from "vitepress";

/** By language and code; pages are rendered for themselves and for the search. */
const highlighted = new Map<string, string>();

/** @param markdown - shows `json title="points.json"` as the name over the block */
export function useCodeBlocks(markdown: MarkdownRenderer): void {
  const highlight = markdown.options.highlight!;
  markdown.options.highlight = (code, language, more) => {
    const key = `${language} ${more}\n${code}`;
    if (!highlighted.has(key)) highlighted.set(key, highlight(code, language, more));
    return highlighted.get(key)!;
  };
  const fence = markdown.renderer.rules.fence!;
  // Formulas, indented by four, look as code does.
  markdown.renderer.rules.code_block = (tokens, at, ...others) => {
    tokens[at].info = "text";
    return fence(tokens, at, ...others);
  };
  markdown.renderer.rules.fence = (tokens, at, ...others) => {
    const block = fence(tokens, at, ...others);
    const name = /title="([^"]+)"/.exec(tokens[at].info)?.[1];
    if (name === undefined) return block;
    return `<p class="file-name">${markdown.utils.escapeHtml(name)}</p>\n${block}`;
  };
}
