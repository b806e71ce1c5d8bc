/**
 * The report's style sheet: system fonts, one column of 1040 px, light and dark by the reader's
 * setting, printable.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #fbfbfa; --card: #ffffff; --ink: #1c1f24; --muted: #6a7079; --line: #e6e7ea;
  --train: #4269d0; --valid: #e0672f; --total: #1c1f24; --birth: #3a9d58; --death: #d9534f;
  --c0: #4269d0; --c1: #e09f1b; --c2: #e0672f; --c3: #4fae9b; --c4: #3ca951; --c5: #d96a9b;
  --c6: #a463f2; --c7: #9c6b4e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #14161a; --card: #1b1e24; --ink: #e8eaed; --muted: #9aa1ab; --line: #2d323a;
    --train: #7d9cf0; --valid: #f0935f; --total: #e8eaed; --birth: #5cc37c; --death: #ec7b77;
    --c0: #7d9cf0; --c1: #efb93f; --c2: #f0935f; --c3: #74ccb9; --c4: #66cc79; --c5: #f08fbb;
    --c6: #bd90f7; --c7: #c2967b;
  }
}
/* Pictures on white: as dark as the page, the colours with their hues. */
@media screen and (prefers-color-scheme: dark) {
  .picture img, .pictures img, .scale i, .scale b { filter: invert(0.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: 48px 24px 64px; background: var(--bg); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Liberation Sans", Arial, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; }
header { margin-bottom: 32px; }
.brand { color: var(--muted); font-size: 13px; letter-spacing: 0.02em; margin: 0 0 4px; }
h1 {
  font-size: 34px; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; margin: 0 0 10px;
  overflow-wrap: anywhere;
}
h2 { font-size: 20px; font-weight: 650; letter-spacing: -0.01em; margin: 52px 0 6px; }
h3 { font-size: 15px; font-weight: 600; margin: 0; }
.lead { font-size: 18px; margin: 0; max-width: 46em; }
.note { color: var(--muted); margin: 0 0 18px; max-width: 52em; }
.warning { border-left: 3px solid var(--valid); padding: 2px 0 2px 12px; margin: 16px 0 0; }
.tiles {
  display: grid; grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); gap: 12px;
  margin: 28px 0 0; padding: 0;
}
.tile {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px;
}
.tile dt { color: var(--muted); font-size: 13px; }
.tile dd {
  margin: 2px 0 0; font-size: 25px; font-weight: 600; letter-spacing: -0.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap;
}
.tile small {
  display: block; color: var(--muted); font-size: 12.5px; font-weight: 400; letter-spacing: 0;
  line-height: 1.35; white-space: normal;
}
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
figure { margin: 0; }
.chart {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px 10px; min-width: 0;
}
.chart svg { display: block; width: 100%; height: auto; overflow: visible; }
.legend {
  display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 2px 0 8px; padding: 0; list-style: none;
  color: var(--muted); font-size: 13px; min-height: 20px;
}
.legend i {
  display: inline-block; width: 14px; height: 0; border-top: 3px solid; border-radius: 2px;
  vertical-align: middle; margin-right: 6px;
}
.legend b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
figcaption { color: var(--muted); font-size: 13px; }
.chart figcaption { margin-top: 4px; }
.scale {
  display: flex; align-items: center; gap: 10px; color: var(--muted); font-size: 13px;
  margin: 0 0 16px;
}
.scale i { width: 200px; height: 12px; border-radius: 3px; border: 1px solid #cbcfd6; }
.pictures {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 32px 36px;
}
.picture img, .pictures img { display: block; width: 100%; height: auto; }
.picture figcaption, .pictures figcaption {
  margin: 0 0 6px; display: flex; justify-content: space-between; gap: 8px;
  font-variant-numeric: tabular-nums;
}
.picture b, .pictures b { white-space: nowrap; color: var(--ink); font-weight: 600; }
.last { max-width: 760px; margin: 0 auto 40px; }
.mistakes {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 20px 16px;
}
.mistakes img {
  display: block; width: 100%; max-height: 160px; object-fit: contain; image-rendering: pixelated;
  border: 1px solid var(--line); border-radius: 6px; background: var(--card);
}
.mistakes figcaption { margin-top: 6px; line-height: 1.4; overflow-wrap: anywhere; }
.mistakes b { color: var(--ink); font-weight: 600; }
.next { display: grid; grid-template-columns: max-content 1fr; gap: 4px 24px; margin: 10px 0 0; }
.next dt { min-width: 0; }
.next dd { margin: 0; color: var(--muted); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td {
  text-align: right; padding: 7px 12px; white-space: nowrap; border-bottom: 1px solid var(--line);
}
th { color: var(--muted); font-weight: 500; font-size: 13px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
tfoot td { font-weight: 600; border-bottom: 0; }
.bar {
  display: inline-block; width: 90px; height: 7px; border-radius: 4px; background: var(--line);
  margin-left: 10px; overflow: hidden; vertical-align: middle;
}
.bar i { display: block; height: 100%; background: var(--train); border-radius: 4px; }
pre {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  margin: 0; overflow-x: auto;
  font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
code {
  font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  overflow-wrap: anywhere;
}
footer {
  margin-top: 48px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--muted);
  font-size: 13px;
}
footer p { margin: 0 0 4px; }
@media (max-width: 960px) {
  .tiles { grid-template-columns: repeat(var(--narrow), minmax(0, 1fr)); }
}
@media (max-width: 760px) {
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile:last-child:nth-child(odd) { grid-column: span 2; }
  .next { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .next dd { margin-bottom: 8px; }
  .charts { grid-template-columns: minmax(0, 1fr); }
  h1 { font-size: 28px; }
  body { padding: 28px 16px 48px; }
}
@media print {
  body { padding: 0; background: none; }
  .chart, .tile, .pictures figure { break-inside: avoid; }
}
`;
