/**
 * The runs that are chosen, and their curves over density, time and multiplications. What a run has
 * more since the last time is asked for, not all of it.
 */
import { percent } from "../../report/format.js";
import type { CurveLine, CurveLines, RunSummary } from "../messages.js";
import { ask } from "./api.js";
import { type ChartLine, createChart } from "./chart.js";
import { byId, element, fill } from "./element.js";
import { DENSITY, type CurveAxis, MEASURES, TIMES, WORK } from "./measures.js";

/** Colours are told apart up to this many; twice as many with dashes. */
const COLOURS = 8;
/** Runs that can be chosen. */
export const MOST_CHOSEN = 2 * COLOURS;

interface Chosen {
  readonly colour: number;
  next: string | undefined;
  lines: readonly CurveLine[];
  /** What the table said of it when its lines were asked for. */
  state: string;
}

export interface CurveComparison {
  has(id: string): boolean;
  readonly ids: readonly string[];
  /** The colours of the chosen, as CSS. */
  colours(): Map<string, string>;
  /** Chooses a run or lets it go. @returns false if there is no room for one more */
  choose(id: string, chosen: boolean): boolean;
  /** Asks for what is new of the chosen runs, and draws it. */
  update(find: (id: string) => RunSummary | undefined): Promise<void>;
}

/** The section of the page. */
export function createComparison(onLetGo: (id: string) => void): CurveComparison {
  const chosen = new Map<string, Chosen>();
  const [density, time, work] = ["density", "time", "work"].map((name) =>
    createChart(byId(`over-${name}`)),
  );
  const measure = byId<HTMLSelectElement>("measure");
  const unit = byId<HTMLSelectElement>("unit");
  for (const { name, title } of MEASURES)
    measure.append(element("option", { value: name }, [title]));

  const draw = () => {
    const y = MEASURES.find(({ name }) => name === measure.value)!;
    const x = TIMES[unit.value];
    const over = (axis: CurveAxis) =>
      [...chosen].map(([id, one]) => lineOf(id, one, axis.name, y.name));
    density.draw(over(DENSITY), DENSITY, y);
    time.draw(over(x), x, y);
    work.draw(over(WORK), WORK, y);
    fill(
      byId("chosen"),
      [...chosen].map(([id, one]) => chip(id, one, y, onLetGo)),
    );
    byId("curves").hidden = chosen.size === 0;
  };
  measure.addEventListener("change", draw);
  unit.addEventListener("change", draw);
  // A canvas does not follow by itself.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  return {
    has: (id) => chosen.has(id),
    get ids() {
      return [...chosen.keys()];
    },
    colours: () => new Map([...chosen].map(([id, one]) => [id, cssColour(one)])),
    choose(id, isChosen) {
      if (!isChosen) chosen.delete(id);
      else if (!chosen.has(id)) {
        const used = new Set([...chosen.values()].map(({ colour }) => colour));
        const free = Array.from({ length: MOST_CHOSEN }, (_, k) => k).find((k) => !used.has(k));
        if (free === undefined) return false;
        chosen.set(id, { colour: free, next: undefined, lines: [], state: "" });
      }
      return true;
    },
    async update(find) {
      for (const id of chosen.keys()) if (!find(id)) chosen.delete(id);
      await Promise.all(
        [...chosen].map(async ([id, one]) => {
          const state = JSON.stringify(find(id));
          if (one.state === state) return;
          one.state = state;
          const { next, again, lines } = await ask<CurveLines>("curve", {
            run: id,
            since: one.next,
          });
          one.next = next;
          one.lines = again ? lines : [...one.lines, ...lines];
        }),
      );
      showWhatThereIs(measure, [...chosen.values()]);
      draw();
    },
  };
}

/** Runs without classes have no accuracy: then the first measure that they have. */
function showWhatThereIs(measure: HTMLSelectElement, all: readonly Chosen[]): void {
  const has = (name: string) =>
    all.some(({ lines }) => lines.some((line) => line[name as keyof CurveLine] !== undefined));
  for (const option of measure.options) option.disabled = option.hidden = !has(option.value);
  const first = MEASURES.find(({ name }) => has(name));
  if (first && !has(measure.value)) measure.value = first.name;
}

function lineOf(
  id: string,
  { colour, lines }: Chosen,
  x: keyof CurveLine,
  y: keyof CurveLine,
): ChartLine {
  // Before training a network guesses: a curve from there would flatten all that follows.
  const points = lines.filter(({ epoch }) => epoch > 0 || lines.length === 1);
  const [xs, ys]: [number[], number[]] = [[], []];
  for (const point of points) {
    const [px, py] = [point[x], point[y]];
    if (px === undefined || py === undefined) continue;
    xs.push(px);
    ys.push(py);
  }
  const style = getComputedStyle(document.documentElement);
  const value = style.getPropertyValue(`--c${colour % COLOURS}`).trim();
  return { name: id, colour: value, dash: colour >= COLOURS, x: xs, y: ys };
}

function cssColour({ colour }: Chosen): string {
  return `var(--c${colour % COLOURS})`;
}

/** A chosen run with its last figure, and a button that lets it go. */
function chip(
  id: string,
  one: Chosen,
  { name, text }: CurveAxis,
  onLetGo: (id: string) => void,
): HTMLElement {
  const last = one.lines.at(-1);
  const value = last?.[name];
  const remove = element("button", { type: "button", "aria-label": `Do not compare ${id}` }, ["×"]);
  remove.addEventListener("click", () => onLetGo(id));
  const swatch = element("i", { class: one.colour >= COLOURS ? "dashed" : "" });
  swatch.style.setProperty("--own", cssColour(one));
  return element("li", {}, [
    swatch,
    element("span", { class: "name", title: id }, [id]),
    element("b", {}, [value === undefined ? "–" : text(value)]),
    element("span", {}, [last ? `at ${percent(last.density)}` : ""]),
    remove,
  ]);
}
