/**
 * The table of runs. One run can be reached by the tab key, the others from there by the arrows:
 * Enter opens a run, the space bar chooses it for the curves.
 */
import type { RunSummary } from "../messages.js";
import { cellText, COLUMNS, type RunColumn, type Order, sorted } from "./columns.js";
import { element, fill } from "./element.js";

export interface RunTable {
  /** Shows these runs. */
  show(runs: readonly RunSummary[]): void;
  /** Marks the runs that are chosen, by their colours, and the one that is open. */
  mark(colours: ReadonlyMap<string, string>, open: string | undefined): void;
}

export interface TableOptions {
  readonly onOpen: (id: string) => void;
  readonly onChoose: (id: string, chosen: boolean) => void;
}

interface Row {
  readonly id: string;
  readonly line: HTMLTableRowElement;
  readonly name: HTMLButtonElement;
  readonly box: HTMLInputElement;
  /** Without that of its name. */
  readonly cells: readonly HTMLTableCellElement[];
}

/** Lines that a page of the keyboard goes. */
const PAGE = 10;
/** Lines that are made at a time: of thousands a browser would be busy for seconds. */
const PORTION = 100;

/** Fills a table element. */
export function createTable(table: HTMLTableElement, options: TableOptions): RunTable {
  const rows = new Map<string, Row>();
  const shown: Row[] = [];
  let runs: readonly RunSummary[] = [];
  let order: Order = { column: "when", down: true };
  let most = PORTION;
  const scroller = table.parentElement!;
  const heads = createHeads(table, (column) => {
    // Figures are looked for from the largest down.
    const first = !TEXTS.includes(column) && column !== "seed";
    order = { column, down: order.column === column ? !order.down : first };
    show(runs);
  });
  const body = table.createTBody();
  const more = (wanted: number) => {
    if (most >= runs.length || wanted < shown.length) return;
    most = wanted + PORTION;
    show(runs);
  };
  scroller.addEventListener("scroll", () => {
    const left = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    if (left < scroller.clientHeight) more(shown.length);
  });
  const keys = addKeys(body, { shown, more, rowOf: (id) => rows.get(id) });

  const show = (all: readonly RunSummary[]) => {
    runs = all;
    if (scroller.scrollTop === 0 && !body.contains(document.activeElement)) most = PORTION;
    table.setAttribute("aria-rowcount", String(all.length + 1));
    for (const [name, head] of heads) {
      if (name !== order.column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    }
    shown.length = 0;
    for (const run of sorted(all, order).slice(0, most)) {
      const row = rows.get(run.id) ?? newRow(run.id, options);
      rows.set(run.id, row);
      update(row, run);
      shown.push(row);
    }
    place(body, shown);
    // A loss says something where there is no accuracy.
    const hasAccuracy = all.every((run) => run.validAccuracy !== undefined);
    table.classList.toggle("no-loss", hasAccuracy);
    keys.update();
  };
  return {
    show,
    mark(colours, open) {
      for (const [id, { line, box, name }] of rows) {
        const colour = colours.get(id);
        box.checked = colour !== undefined;
        if (colour === undefined) line.style.removeProperty("--own");
        else line.style.setProperty("--own", colour);
        line.classList.toggle("open", id === open);
        if (id === open) name.setAttribute("aria-current", "true");
        else name.removeAttribute("aria-current");
      }
    },
  };
}

/** The heads of the columns by their names; a click sorts by one. */
function createHeads(
  table: HTMLTableElement,
  onSort: (column: string) => void,
): ReadonlyMap<string, HTMLElement> {
  const heads = COLUMNS.map((column): [string, HTMLElement] => {
    const button = element("button", { type: "button" }, [column.title]);
    button.addEventListener("click", () => onSort(column.name));
    return [column.name, element("th", { scope: "col", class: classOf(column) }, [button])];
  });
  const choice = element("th", { scope: "col", class: "choice" }, [
    element("span", { class: "unseen" }, ["Compare"]),
  ]);
  const line = element("tr", {}, [choice, ...heads.map(([, head]) => head)]);
  table.append(element("thead", {}, [line]));
  return new Map(heads);
}

/** Puts lines into their order, and leaves them alone where they have it. */
function place(body: HTMLElement, rows: readonly Row[]): void {
  const { children } = body;
  if (rows.length === children.length && rows.every(({ line }, k) => children[k] === line)) return;
  const focused = document.activeElement;
  fill(
    body,
    rows.map(({ line }) => line),
  );
  if (focused instanceof HTMLElement && body.contains(focused)) focused.focus();
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE,
  PageUp: -PAGE,
  Home: -Infinity,
  End: Infinity,
};

interface Lines {
  /** Those that are there; they change. */
  readonly shown: readonly Row[];
  readonly rowOf: (id: string) => Row | undefined;
  /** Has so many be there, and some more. */
  readonly more: (wanted: number) => void;
}

/** The keys of the table. */
function addKeys(body: HTMLElement, { shown, rowOf, more }: Lines): { update(): void } {
  /** The run that the tab key comes to. */
  let current: string | undefined;
  const setCurrent = (row: Row | undefined) => {
    if (current !== undefined) rowOf(current)?.name.setAttribute("tabindex", "-1");
    current = row?.id;
    row?.name.setAttribute("tabindex", "0");
  };
  body.addEventListener("keydown", (event) => {
    const at = shown.findIndex(({ name }) => name === event.target);
    const step = STEPS[event.key];
    if (at < 0 || (step === undefined && event.key !== " ")) return;
    event.preventDefault();
    if (step === undefined) return shown[at].box.click();
    more(at + step);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
    setCurrent(next);
    next.name.focus();
  });
  // The space bar presses a button when it is let go.
  body.addEventListener("keyup", (event) => {
    if (event.key === " " && event.target instanceof HTMLButtonElement) event.preventDefault();
  });
  body.addEventListener("focusin", (event) => {
    const row = shown.find(({ name }) => name === event.target);
    if (row) setCurrent(row);
  });
  return {
    update() {
      if (!shown.some(({ id }) => id === current)) setCurrent(shown[0]);
    },
  };
}

/** Columns that are read, not compared. */
const TEXTS = ["run", "state", "optimizer"];

function classOf({ name, isMinor }: RunColumn): string {
  return [name, TEXTS.includes(name) ? "text" : "number", isMinor ? "minor" : ""].join(" ").trim();
}

function newRow(id: string, { onOpen, onChoose }: TableOptions): Row {
  const box = element("input", { type: "checkbox", tabindex: "-1", "aria-label": `Compare ${id}` });
  box.addEventListener("change", () => onChoose(id, box.checked));
  const name = element("button", { type: "button", tabindex: "-1", title: id }, [id]);
  name.addEventListener("click", () => onOpen(id));
  const cells = COLUMNS.slice(1).map((column) => element("td", { class: classOf(column) }));
  const line = element("tr", {}, [
    element("td", { class: "choice" }, [box]),
    element("th", { scope: "row", class: "run text" }, [name]),
    ...cells,
  ]);
  return { id, line, name, box, cells };
}

function update({ line, cells }: Row, run: RunSummary): void {
  for (const [k, column] of COLUMNS.slice(1).entries()) {
    const text = cellText(column, run);
    if (cells[k].textContent !== text) cells[k].textContent = text;
  }
  line.dataset["state"] = run.state;
  if (run.fault === undefined) line.removeAttribute("title");
  else line.title = run.fault;
}
