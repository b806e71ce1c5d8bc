// What the tables of results are written with.

/** A share as a number of percent, without the sign; nothing for a share that is not there. */
export const percent = (x, digits = 1) => (x === undefined ? "" : (100 * x).toFixed(digits));

/** A table in Markdown. The formatter aligns its columns afterwards. */
export function markdown(heads, rows) {
  return [heads, heads.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What a page says, however the formatter breaks its lines and aligns its tables. */
export const words = (text) => text.replace(/\s+/g, " ").replace(/(?<=\| )-{3,}(?= \|)/g, "---");
