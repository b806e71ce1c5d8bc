/**
 * Entry point `bregman/data`: data to train with. Sets known by name, one's own files, arrays and
 * streams, and what is done to samples on their way into a network.
 */
export * from "./in-memory.js";
export { datasetNames, loadDataset, type DatasetName } from "./named.js";
export { loadMnist } from "./mnist.js";
export { loadFashionMnist } from "./fashion-mnist.js";
export { loadCifar10 } from "./cifar10.js";
export { loadSpokenDigits, type SpokenDigitsOptions } from "./spoken-digits.js";
export { loadData, openData, type LoadOptions, type OpenOptions } from "./load.js";
export type { DataOptions } from "./data-dir.js";
export type { ChannelPlace } from "./channels.js";
export type { DecimalMark } from "./csv-cells.js";
export type { ColumnName } from "./csv-columns.js";
export type { FillRule } from "./table-preparation.js";
export type {
  ArchiveNames,
  CsvSource,
  DataSource,
  IdxSource,
  ImageFolderSource,
  NamedSource,
  NpySource,
  NpzSource,
  OwnFacts,
  OwnSource,
  ParquetSource,
  SoundFolderSource,
} from "./source.js";
