/** The page: what the server tells of the runs, and what the reader does with them. */
import { count } from "../../report/format.js";
import type { RunChanges, RunSummary } from "../messages.js";
import { Refused } from "./api.js";
import { createComparison, MOST_CHOSEN } from "./compare.js";
import { sorted } from "./columns.js";
import { byId } from "./element.js";
import { parseFilter } from "./filter.js";
import { createPanel } from "./panel.js";
import { createStartForm } from "./start-form.js";
import { createTable } from "./table.js";

// A token in the address is in a cookie now.
history.replaceState(null, "", "/");

const runs = new Map<string, RunSummary>();
/** Runs that are chosen by themselves at the beginning: those that are going, then the newest. */
const FIRST = 3;
let isFirst = true;

const find = (id: string) => runs.get(id);
const search = byId<HTMLInputElement>("search");
const state = byId<HTMLSelectElement>("state");

/** A line for whoever watches, and for whoever listens. */
function say(text: string, isFault = false): void {
  const line = byId("said");
  line.textContent = text;
  line.classList.toggle("fault", isFault);
}

/** Does something, and says what the server has against it. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, true);
  }
}

const comparison = createComparison((id) => choose(id, false));
const panel = createPanel({ find, say, attempt, others: () => comparison.ids });
const table = createTable(byId("table"), { onOpen: open, onChoose: choose });
createStartForm({ say, attempt });

function choose(id: string, isChosen: boolean): void {
  if (!comparison.choose(id, isChosen)) say(`At most ${MOST_CHOSEN} runs are compared.`, true);
  mark();
  void attempt(() => comparison.update(find));
  void attempt(() => panel.update());
}

function open(id: string): void {
  void attempt(() => panel.open(id));
  mark();
}

function mark(): void {
  table.mark(comparison.colours(), panel.id);
}

function showTable(): void {
  const { fits, faults } = parseFilter(search.value);
  const shown = [...runs.values()].filter(
    (run) => fits(run) && (state.value === "" || run.state === state.value),
  );
  table.show(shown);
  const going = [...runs.values()].filter((run) => run.state === "running").length;
  const of = shown.length === runs.size ? "" : `${count(shown.length)} of `;
  const all = `${of}${count(runs.size)} ${runs.size === 1 ? "run" : "runs"}, ${going} running`;
  byId("count").textContent = [all, ...faults].join(" · ");
  byId("none").hidden = shown.length > 0;
  byId("none").textContent =
    runs.size === 0 ? "There are no runs in this folder yet." : "No run fits.";
  mark();
}

function take({ all, runs: changed, removed }: RunChanges): void {
  if (all) runs.clear();
  for (const id of removed) runs.delete(id);
  for (const run of changed) runs.set(run.id, run);
  if (isFirst && runs.size > 0) {
    isFirst = false;
    const newest = sorted([...runs.values()], { column: "when", down: true });
    const going = newest.filter((run) => run.state === "running");
    const others = newest.filter((run) => run.state !== "running");
    for (const { id } of [...going, ...others].slice(0, FIRST)) comparison.choose(id, true);
  }
  const pause = shownAt + PAUSE - performance.now();
  due ??= setTimeout(showAll, Math.max(0, pause));
}

/** Milliseconds between two pictures of what changes: several runs may tell of their epochs. */
const PAUSE = 500;
let shownAt = -PAUSE;
let due: number | undefined;

function showAll(): void {
  due = undefined;
  shownAt = performance.now();
  showTable();
  void attempt(() => comparison.update(find));
  void attempt(() => panel.update());
}

search.addEventListener("input", showTable);
state.addEventListener("change", showTable);
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search.focus();
});

const events = new EventSource("/api/events");
events.addEventListener("hello", () => document.documentElement.classList.remove("lost"));
events.addEventListener("runs", ({ data }) => take(JSON.parse(data as string) as RunChanges));
events.addEventListener("fault", ({ data }) => {
  const { id, text } = JSON.parse(data as string) as { id: string; text: string };
  say(`${id}: ${text}`, true);
});
events.addEventListener("error", () => {
  // The browser tries again by itself, unless it was refused.
  document.documentElement.classList.add("lost");
});
