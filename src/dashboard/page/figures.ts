/** Small figures of a run, of plain elements: bars of layers and epochs, a table of classes. */
import { count } from "../../report/format.js";
import type { RunDetails } from "../messages.js";
import { element } from "./element.js";

/** A wider table of what is taken for what can't be read. */
const MOST_CLASSES = 30;

/** The active units of each layer, as bars of all its units. */
export function unitBars(layers: RunDetails["layers"]): HTMLElement[] {
  return layers.map(({ name, activeUnits, units }) => {
    const bar = element("span", { class: "bar", "aria-hidden": "true" }, [element("i")]);
    (bar.firstElementChild as HTMLElement).style.width = `${(100 * activeUnits) / units}%`;
    return element("li", {}, [
      element("span", { class: "name" }, [name]),
      bar,
      element("span", { class: "figure" }, [`${count(activeUnits)} of ${count(units)}`]),
    ]);
  });
}

/** Births upwards and deaths downwards, epoch by epoch. */
export function birthBars(all: RunDetails["births"]): HTMLElement[] {
  const epochs = all.filter(({ epoch }) => epoch > 0);
  const most = (of: "births" | "deaths") => epochs.reduce((top, one) => Math.max(top, one[of]), 0);
  const [above, below] = [most("births"), most("deaths")];
  const height = (weights: number) => `${(100 * weights) / Math.max(1, above + below)}%`;
  return epochs.map(({ epoch, births, deaths }) => {
    const text = `epoch ${epoch}: ${count(births)} born, ${count(deaths)} died`;
    const [up, down] = ["up", "down"].map((name) => element("i", { class: name }));
    [up.style.bottom, up.style.height] = [height(below), height(births)];
    [down.style.top, down.style.height] = [height(above), height(deaths)];
    return element("li", { title: text }, [up, down, element("span", { class: "unseen" }, [text])]);
  });
}

/** What each class is taken for; undefined where there is nothing to see. */
export function confusionTable(figures: RunDetails["byClass"]): HTMLElement | undefined {
  const { confusion, classes = [], of, samples } = figures ?? {};
  if (!confusion || confusion.length > MOST_CLASSES) return undefined;
  const name = (k: number) => classes[k]?.name ?? String(k);
  const head = (k: number, scope: string) => element("th", { scope }, [name(k)]);
  const rows = confusion.map((row, label) => {
    const most = Math.max(
      1,
      row.reduce((top, samplesOf) => Math.max(top, samplesOf), 0),
    );
    const cells = row.map((found, guess) => {
      const cell = element("td", {}, [found === 0 ? "" : count(found)]);
      const colour = label === guess ? "var(--c0)" : "var(--c2)";
      const share = Math.round(60 * Math.sqrt(found / most));
      cell.style.background = `color-mix(in srgb, ${colour} ${share}%, transparent)`;
      return cell;
    });
    return element("tr", {}, [head(label, "row"), ...cells]);
  });
  const caption = `Of ${count(samples ?? 0)} ${of} samples. Row: the class. Column: what it is taken for.`;
  return element("table", { class: "confusion" }, [
    element("caption", {}, [caption]),
    element("thead", {}, [
      element("tr", {}, [element("td"), ...confusion.map((_, k) => head(k, "col"))]),
    ]),
    element("tbody", {}, rows),
  ]);
}
