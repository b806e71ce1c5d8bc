/** Reads tar archives. */
export { Parser } from "tar";
