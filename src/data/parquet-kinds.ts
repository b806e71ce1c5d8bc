/** What is in a column of a Parquet file, by what the file says of it. */
import type { SchemaTree } from "hyparquet";

/**
 * "images": bytes of an image, by themselves or in a struct with their path; "other": dates, lists
 * and what else is neither a number nor a text.
 */
export type ParquetKind = "numbers" | "texts" | "images" | "other";

const NUMBERS = ["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"];
const TIMES = /^(DATE|TIME|TIMESTAMP|INTERVAL)/;

/** The kind of a column. */
export function columnKind({ element, children }: SchemaTree): ParquetKind {
  const { type, repetition_type, converted_type: converted = "", logical_type: logical } = element;
  if (repetition_type === "REPEATED") return "other";
  if (children.length > 0) {
    const bytes = children.find((child) => child.element.name === "bytes");
    const isImage = bytes?.element.type === "BYTE_ARRAY" && bytes.children.length === 0;
    return isImage && bytes.element.repetition_type !== "REPEATED" ? "images" : "other";
  }
  if (TIMES.test(converted) || TIMES.test(logical?.type ?? "")) return "other";
  if (converted === "DECIMAL" || NUMBERS.includes(type ?? "")) return "numbers";
  if (type !== "BYTE_ARRAY") return "other";
  const isText = ["UTF8", "ENUM"].includes(converted) || logical?.type === "STRING";
  return isText ? "texts" : "other";
}
