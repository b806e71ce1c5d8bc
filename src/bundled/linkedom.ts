/** A document for what draws into one, without a browser. */
export { parseHTML } from "linkedom";
