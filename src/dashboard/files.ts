/** What the page is made of, by its addresses: a list, so that no name leads to another file. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pageHtml } from "./page-html.js";
import { DASHBOARD_STYLE } from "./style.js";

export interface ServedFile {
  readonly type: string;
  content(): string | Uint8Array<ArrayBuffer>;
}

const SCRIPT = "text/javascript; charset=utf-8";
/** A weight that is born. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
  <path d="M2 13h6l6-10" fill="none" stroke="#4269d0" stroke-width="2.5" stroke-linecap="round"
    stroke-linejoin="round"/></svg>`;

const STYLES = "text/css; charset=utf-8";

/** Modules of other rooms that the page uses. */
const SHARED = ["report/format.js", "bundled/uplot.js"];

/**
 * The files by their paths. @param folder - whose runs are shown
 *
 * Modules have the paths that they have in the package.
 */
export function pageFiles(folder: string): ReadonlyMap<string, ServedFile> {
  const file = (path: string, type: string): ServedFile => ({
    type,
    content: () => new Uint8Array(readFileSync(path)),
  });
  const there = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const ours = there("dashboard/page");
  const modules = readdirSync(ours).filter((name) => name.endsWith(".js"));
  return new Map([
    ["/", { type: "text/html; charset=utf-8", content: () => pageHtml(folder) }],
    ["/style.css", { type: STYLES, content: () => DASHBOARD_STYLE }],
    ["/icon.svg", { type: "image/svg+xml", content: () => ICON }],
    ["/uplot.css", file(there("bundled/uplot.css"), STYLES)],
    ...modules.map((name): [string, ServedFile] => [
      `/dashboard/page/${name}`,
      file(`${ours}/${name}`, SCRIPT),
    ]),
    ...SHARED.map((path): [string, ServedFile] => [`/${path}`, file(there(path), SCRIPT)]),
  ]);
}
