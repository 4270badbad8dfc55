// The functions of web/engine/firetower_analysis.mjs, kept by hand; tests/wasm compares the names with the module's.
// Float64Array that a function returns are views of the module's memory: valid until the next call. Tables: 0 the
// reference, 1 the current one. Texts and numbers come in through input(), numbers first.

import type { Reply } from '../engine.d.ts';

export interface TableOptions {
  name: string;
  delimiter: string;
  decimal: string;
  header: number;
  complete: boolean;
  scores: boolean;
  hash: boolean;
  columns: string;
}

export interface RowQueryOptions {
  name: string;
  kind: number;
  low: number;
  high: number;
  category: string;
}

export interface ScoredOptions {
  rows: number;
  labels: boolean;
  weights: boolean;
  amounts: boolean;
  times: boolean;
}

export interface AnalysisModule {
  analysisInfo(): { version: string; heapBytes: number; usedBytes: number };
  input(bytes: number): Uint8Array;
  loadModel(bytes: number): Reply;
  inspect(bytes: number, options: TableOptions): Reply;
  beginTable(table: number, bytes: number, options: TableOptions): Reply;
  feed(bytes: number): Reply;
  finishTable(): Reply;
  tableJson(table: number): Reply;
  clearTable(table: number): void;
  setSummary(table: number, bytes: number, name: string): Reply;
  rowOffsets(table: number): Float64Array;
  labels(table: number): Float64Array;
  columnNumbers(table: number, name: string): Float64Array;
  measure(bytes: number): Reply;
  judge(documents: number): Reply;
  columnJson(name: string, bytes: number): Reply;
  trendJson(name: string, bytes: number, windows: number): Reply;
  rowsJson(query: RowQueryOptions, ratios: number, bytes: number, max: number): Reply;
  rowNumbers(query: RowQueryOptions, bytes: number): Reply;
  sampleRows(table: number, bytes: number, maxRows: number, seed: number): Float64Array;
  gather(table: number, name: string, rows: number): Float64Array;
  numbers(): Float64Array;
  multivariate(rows: number, referenceRows: number, columns: number, nameBytes: number, bytes: number): Reply;
  densityRatios(rows: number, columns: number): Reply;
  detectors(): string;
  detect(values: number, bytes: number): Reply;
  falseAlarms(values: number, bytes: number): Reply;
  scoreDetector(drifts: number, bytes: number): Reply;
  performance(rows: ScoredOptions, bytes: number): Reply;
  comparePerformance(rows: ScoredOptions, bytes: number): Reply;
  estimate(reference: ScoredOptions, current: ScoredOptions, bytes: number): Reply;
  backTest(rows: ScoredOptions, bytes: number): Reply;
  reportHtml(bytes: number): Reply;
}
