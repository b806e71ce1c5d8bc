/** The dashboard's style sheet: the colours and the page of the report, and what it has more. */
import { STYLE } from "../report/style.js";

export const DASHBOARD_STYLE = `${STYLE}
body { padding: 28px 24px 64px; }
main, body > header { max-width: 1280px; margin: 0 auto; }
body > header {
  display: flex; align-items: end; justify-content: space-between; gap: 16px 24px; flex-wrap: wrap;
  margin-bottom: 12px;
}
h1 { font-size: 28px; margin: 0; }
h2 { font-size: 18px; margin: 0; overflow-wrap: anywhere; }
h2:focus { outline: none; }
section { margin-top: 28px; scroll-margin-top: 16px; }
#runs { margin-top: 8px; }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
[hidden] { display: none !important; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 12px 16px; min-width: 0;
}
.tools { display: flex; align-items: center; flex-wrap: wrap; gap: 8px 12px; margin: 0 0 10px; }
.tools h2, .tools h3 { flex: 0 1 auto; margin-right: auto; }
.tools p { margin: 0; color: var(--muted); font-size: 13px; }
.search { flex: 0 1 420px; }
.search input { width: 100%; }
#count { margin-left: auto; font-variant-numeric: tabular-nums; }
input, select, button, summary { font: inherit; font-size: 14px; color: var(--ink); }
input:not([type="checkbox"], [type="range"]), select, .tools button, form button, summary {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 4px 10px;
  height: 32px; min-width: 0; max-width: 100%;
}
input::placeholder { color: var(--muted); opacity: 1; }
button, summary, select { cursor: pointer; }
input[type="checkbox"] { accent-color: var(--own, var(--train)); margin: 0; cursor: pointer; }
input[type="range"] { width: 100%; accent-color: var(--train); }
input[type="number"] { width: 7em; }
button.main { background: var(--train); border-color: var(--train); color: var(--bg);
  font-weight: 600; }
button.danger { color: var(--death); }
:focus-visible { outline: 2px solid var(--train); outline-offset: 1px; }
label { color: var(--muted); font-size: 13px; }
summary { list-style: none; display: inline-flex; align-items: center; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "+"; margin-right: 8px; color: var(--muted); }
details[open] > summary::before { content: "–"; }
#start { text-align: right; }
#start form {
  display: flex; flex-wrap: wrap; justify-content: end; align-items: end; gap: 8px 12px;
  margin-top: 10px; text-align: left;
}
#start label { display: grid; gap: 3px; }
#said { min-height: 22px; margin: 0; color: var(--muted); font-size: 13px; }
.fault, #said.fault { color: var(--death); font-size: 13px; margin: 0; overflow-wrap: anywhere; }
.lost-line { display: none; margin: 0; color: var(--valid); font-size: 13px; }
.lost .lost-line { display: block; }
#runs .card { padding: 0; max-height: 62vh; overflow: auto; }
#none { color: var(--muted); margin: 0; padding: 24px; text-align: center; }
#table { font-size: 13.5px; }
#table thead th {
  position: sticky; top: 0; z-index: 1; background: var(--card); padding: 0;
  box-shadow: inset 0 -1px var(--line); border: 0;
}
#table thead button {
  width: 100%; padding: 8px 10px; text-align: inherit; background: none; border: 0;
  font-size: 12.5px;
  color: var(--muted); white-space: nowrap;
}
#table thead [aria-sort] button { color: var(--ink); font-weight: 600; }
#table thead [aria-sort] button::after { content: " ↑"; }
#table thead [aria-sort="descending"] button::after { content: " ↓"; }
#table :is(th, td) { padding: 5px 10px; text-align: right; color: inherit; font-weight: 400; }
#table .text { text-align: left; }
#table tbody tr:last-child > * { border-bottom: 0; }
#table .choice { padding: 0 4px 0 14px; width: 30px; text-align: left; }
#table tbody tr:hover { background: color-mix(in srgb, var(--train) 5%, transparent); }
#table tbody tr.open { background: color-mix(in srgb, var(--train) 10%, transparent); }
#table tbody th button {
  max-width: 340px; padding: 2px 0; background: none; border: 0; text-align: left; font-weight: 500;
  font-size: inherit; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  vertical-align: middle; border-radius: 4px;
}
#table td.state::before {
  content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%;
  margin-right: 8px; background: var(--muted); opacity: 0.5;
}
#table [data-state="running"] .state::before { background: var(--birth); opacity: 1;
  animation: pulse 2s infinite; }
#table [data-state="finished"] .state::before { background: var(--train); opacity: 1; }
#table [data-state="failed"] .state::before { background: var(--death); opacity: 1; }
#table.no-loss .loss { display: none; }
@keyframes pulse { 50% { opacity: 0.35; } }
#chosen {
  display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 12px; padding: 0; list-style: none;
  font-size: 13px; color: var(--muted); font-variant-numeric: tabular-nums;
}
#chosen li { display: flex; align-items: center; gap: 8px; max-width: 100%; min-width: 0; }
#chosen i { flex: none; width: 16px; border-top: 3px solid var(--own); }
#chosen i.dashed { border-top-style: dashed; }
#chosen .name { color: var(--ink); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#chosen b { color: var(--ink); font-weight: 600; }
#chosen button {
  padding: 0 6px; background: none; border: 0; border-radius: 4px; color: var(--muted);
  font-size: 16px;
}
#curves .charts { grid-template-columns: repeat(3, minmax(0, 1fr)); }
#curves figcaption { min-height: 21px; font-variant-numeric: tabular-nums; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.plot { min-height: 250px; }
#run .note { margin: 0 0 6px; font-size: 13px; max-width: none; overflow-wrap: anywhere; }
#resuming { display: flex; align-items: center; gap: 8px; }
.cards { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px;
  margin-top: 12px; }
.stack { display: grid; gap: 16px; align-content: start; min-width: 0; }
#run figcaption { display: flex; justify-content: space-between; align-items: baseline; gap: 12px;
  margin-bottom: 8px; }
#picture { display: block; width: 100%; height: auto; background: #fff; border-radius: 4px;
  image-rendering: pixelated; }
#units { display: grid; grid-template-columns: auto 1fr auto; gap: 6px 12px; margin: 0;
  padding: 0; list-style: none; font-size: 13px; }
#units li { display: contents; }
#units .bar { width: auto; height: 10px; margin: 0; align-self: center; }
#units .figure { color: var(--muted); text-align: right; font-variant-numeric: tabular-nums; }
#births { display: flex; align-items: stretch; gap: 1px; height: 140px; margin: 0; padding: 0;
  list-style: none; }
#births .up { border-radius: 2px 2px 0 0; }
#births .down { border-radius: 0 0 2px 2px; }
#births li { flex: 1 1 0; position: relative; min-width: 0; max-width: 28px; }
#births i { position: absolute; left: 0; right: 0; border-radius: 2px; }
#births .up { background: var(--birth); }
#births .down { background: var(--death); }
#run pre { padding: 8px 0 0; border: 0; max-height: 480px; overflow: auto; }
#run .card table { font-size: 13px; }
#run caption { text-align: left; color: var(--muted); padding-bottom: 6px; }
#difference td, #difference th { text-align: left; white-space: normal; overflow-wrap: anywhere;
  vertical-align: top; padding-left: 0; }
#difference .wide { max-height: 440px; overflow: auto; }
table.confusion { width: auto; border-spacing: 2px; border-collapse: separate; }
table.confusion :is(td, th) { text-align: right; padding: 3px 7px; min-width: 34px; border: 0;
  border-radius: 3px; }
table.confusion tbody th { text-align: left; }
#difference th { white-space: nowrap; }
@media (prefers-color-scheme: dark) {
  /* Zero is as dark as the page; red stays red, blue stays blue. */
  #picture { filter: invert(0.92) hue-rotate(180deg); }
}
@media (max-width: 1000px) {
  #curves .charts, .cards { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 760px) {
  body { padding: 20px 14px 40px; }
  h1 { font-size: 24px; }
  #table .minor { display: none; }
  #table tbody th button { max-width: 38vw; }
  #table :is(th, td) { padding: 7px 6px; }
  #start, #start form { text-align: left; justify-content: start; }
  #count { margin-left: 0; width: 100%; }
  .search { flex: 1 1 180px; }
}
@media (prefers-reduced-motion: reduce) {
  #table td.state::before { animation: none !important; }
}
`;
