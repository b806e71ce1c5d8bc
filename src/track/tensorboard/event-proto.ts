/**
 * The messages of TensorBoard's event files, as far as we write them.
 *
 * Source: event.proto and summary.proto of TensorBoard, field numbers and types.
 */
import type { Message } from "../../export/protobuf.js";

const HISTOGRAM = {
  min: [1, "double"],
  max: [2, "double"],
  num: [3, "double"],
  sum: [4, "double"],
  sumSquares: [5, "double"],
  bucketLimit: [6, "double"],
  bucket: [7, "double"],
} as const;
const IMAGE = {
  height: [1, "int64"],
  width: [2, "int64"],
  colorspace: [3, "int64"],
  encodedImage: [4, "bytes"],
} as const;
const VALUE = {
  tag: [1, "string"],
  simpleValue: [2, "float"],
  image: [4, IMAGE],
  histogram: [5, HISTOGRAM],
} as const;

/** A message Event. */
export const EVENT = {
  wallTime: [1, "double"],
  step: [2, "int64"],
  fileVersion: [3, "string"],
  summary: [5, { value: [1, VALUE] }],
  sessionLog: [7, { status: [1, "int64"] }],
} as const;

export type EventMessage = Message<typeof EVENT>;
export type HistogramMessage = Message<typeof HISTOGRAM>;
export type SummaryValue = Message<typeof VALUE>;

/** What a file begins with, to readers of today. */
export const FILE_VERSION = "brain.Event:2";
/** SessionLog.status: what other files hold of this step and later ones counts no more. */
export const SESSION_START = 1;
