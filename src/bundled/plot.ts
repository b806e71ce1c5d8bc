/** Observable Plot, what of it the report's figures use: marks, and what draws them. */
export {
  barX,
  dot,
  gridX,
  gridY,
  line,
  link,
  plot,
  rectY,
  ruleX,
  ruleY,
  text,
  type PlotOptions,
} from "@observablehq/plot";
