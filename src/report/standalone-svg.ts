/**
 * A figure as a file of its own: the report's figures take their colours from the page around them.
 */
import { STYLE } from "./style.js";

/** The same figure with the page's colours in it, light or dark by the reader's setting. */
export function standaloneSvg(svg: string): string {
  const colours = STYLE.slice(STYLE.indexOf(":root"), STYLE.indexOf("* {"));
  const style =
    `<style>${colours.trim()} svg { background: var(--bg) !important; font-family: ` +
    "system-ui, sans-serif !important; }</style>";
  // Inside a page the namespace may be left out; in a file it makes the difference between a
  // picture and text.
  const named = svg.replace(/^<svg(?![^>]*xmlns=)/, '<svg xmlns="http://www.w3.org/2000/svg"');
  return `${named.replace(/^<svg[^>]*>/, (head) => `${head}${style}`)}\n`;
}
