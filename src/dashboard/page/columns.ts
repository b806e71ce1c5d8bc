/** The columns of the table: what each shows of a run, and what it is sorted and filtered by. */
import { count, duration, loss, percent } from "../../report/format.js";
import type { RunSummary } from "../messages.js";

export interface RunColumn {
  /** What a filter calls it. */
  readonly name: string;
  readonly title: string;
  readonly value: (run: RunSummary) => number | string | undefined;
  /** As it stands in the table; default: the value. */
  readonly text?: (run: RunSummary) => string;
  /** A share, which a filter may give in percent. */
  readonly isShare?: boolean;
  /** Left out of narrow pages. */
  readonly isMinor?: boolean;
}

const share = (name: string, title: string, value: (run: RunSummary) => number | undefined) => ({
  name,
  title,
  value,
  text: (run: RunSummary) => percent(value(run)),
  isShare: true,
});

/** From left to right. */
export const COLUMNS: readonly RunColumn[] = [
  { name: "run", title: "Run", value: ({ id }) => id },
  { name: "state", title: "State", value: ({ state }) => state },
  {
    name: "epoch",
    title: "Epoch",
    value: ({ epoch }) => epoch,
    text: ({ epoch, epochs }) =>
      epoch === undefined ? "–" : epochs === undefined ? count(epoch) : `${epoch} / ${epochs}`,
    isMinor: true,
  },
  share("density", "Density", ({ density }) => density),
  { ...share("train", "Training", ({ trainAccuracy }) => trainAccuracy), isMinor: true },
  share("valid", "Validation", ({ validAccuracy }) => validAccuracy),
  { ...share("test", "Test", ({ testAccuracy }) => testAccuracy), isMinor: true },
  {
    name: "loss",
    title: "Val. loss",
    value: ({ validLoss }) => validLoss,
    text: ({ validLoss }) => loss(validLoss),
    isMinor: true,
  },
  {
    ...share("multiplications", "Multipl.", ({ multiplications }) => multiplications),
    isMinor: true,
  },
  {
    name: "time",
    title: "Time",
    value: ({ seconds }) => seconds,
    text: ({ seconds }) => (seconds === undefined ? "–" : duration(seconds)),
    isMinor: true,
  },
  { name: "optimizer", title: "Optimizer", value: ({ optimizer }) => optimizer, isMinor: true },
  { name: "seed", title: "Seed", value: ({ seed }) => seed, isMinor: true },
  {
    name: "when",
    title: "Written",
    value: ({ changed }) => changed,
    text: ({ changed }) => moment(new Date(changed)),
    isMinor: true,
  },
];

/** How a column shows a run. */
export function cellText({ value, text }: RunColumn, run: RunSummary): string {
  return text ? text(run) : String(value(run) ?? "–");
}

/** How runs are ordered: by a column, upwards or downwards. */
export interface Order {
  readonly column: string;
  readonly down: boolean;
}

/** The runs in an order. What has no value is last, either way. */
export function sorted(runs: readonly RunSummary[], { column, down }: Order): RunSummary[] {
  const { value } = COLUMNS.find(({ name }) => name === column)!;
  return [...runs].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined)
      return Number(x === undefined) - Number(y === undefined) || byId(a, b);
    const order =
      typeof x === "number" && typeof y === "number" ? x - y : natural(String(x), String(y));
    return (down ? -order : order) || byId(a, b);
  });
}

const collator = new Intl.Collator("en", { numeric: true });
const natural = (a: string, b: string) => collator.compare(a, b);
const byId = (a: RunSummary, b: RunSummary) => natural(a.id, b.id);

/** 2026-11-30 13:37, in the reader's own time. */
function moment(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
