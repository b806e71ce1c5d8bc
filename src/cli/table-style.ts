/** How tables look: options of cli-table3. */

/** Lines around it and below the head. */
export const BOXED = {
  style: { head: [], border: [] },
  chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
};

/** No lines at all. */
export const UNRULED = {
  style: { head: [], border: [], "padding-left": 2, "padding-right": 0, compact: true },
  chars: Object.fromEntries(
    ["top", "bottom", "left", "right", "mid"]
      .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
      .concat("middle", "left-mid", "mid-mid", "right-mid")
      .map((place) => [place, ""]),
  ),
};
