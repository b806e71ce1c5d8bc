/** A figure as a file of its own: the report's figures take their colours from the page around them. */
import { STYLE } from "./style.js";

/** The same figure with the page's colours in it, light or dark by the reader's setting. */
export function standaloneSvg(svg: string): string {
  const colours = STYLE.slice(STYLE.indexOf(":root"), STYLE.indexOf("* {"));
  const style = `<style>${colours.trim()} svg { background: var(--bg); font-family: system-ui, sans-serif; }</style>`;
  return `${svg.replace(/^<svg[^>]*>/, (head) => `${head}${style}`)}\n`;
}
