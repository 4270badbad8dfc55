// The functions of web/engine/firetower.mjs, kept by hand; tests/wasm compares the names with the module's.
// Uint8Array and the like that a function returns are views of the engine's memory: valid until the next call.

export interface Reply {
  code: string;
  message: string;
  row: number;
  line: number;
  column: number;
  byteOffset: number;
  text: string;
}

export interface RangeOptions {
  kind: number;
  begin: number;
  end: number;
  line: number;
  guessStart: boolean;
  text: string;
}

export interface RangeState {
  done: boolean;
  rows: number;
  badRows: number;
  firstRecordOffset: number;
  nextRecordOffset: number;
  firstLine: number;
  nextLine: number;
}

/** Fills views of the engine's memory with ranked rows from the first one on; the weights are 1 where it does not. */
export type ReadRanked = (first: number, scores: Float64Array, weights: Float64Array, labels: Uint8Array) => void;

export interface EngineModule {
  engineInfo(): { version: string; formatVersion: number; heapBytes: number; usedBytes: number };
  input(bytes: number): Uint8Array;
  loadModel(bytes: number): Reply;
  modelJson(): string;
  inspectCsv(
    bytes: number,
    options: { delimiter: string; decimal: string; header: number; complete: boolean },
  ): Reply;
  beginRange(options: RangeOptions): Reply;
  feed(bytes: number): Reply;
  finishRange(): Reply;
  rangeState(): RangeState;
  rowOffsets(): Float64Array;
  probabilities(): Float64Array;
  labels(): Float64Array;
  weights(): Float64Array;
  column(): Float64Array;
  matches(): Uint8Array;
  badRowsJson(): string;
  missingJson(): string;
  scoreSummary(): Uint8Array;
  mergeSummaries(count: number, words: number): Reply;
  scoreRows(rows: number, inputs: number): Reply;
  statuses(): Int32Array;
  statusInputs(): Int32Array;
  setExport(rows: number, firstRow: number, threshold: number, withInput: boolean): Reply;
  exportHeader(withInput: boolean): Uint8Array;
  output(): Uint8Array;
  clearOutput(): void;
  findUsable(rows: number, firstRow: number, weighted: boolean): Reply;
  usable(): Uint8Array;
  setLabels(read: ReadRanked, rows: number, leftOut: number, weighted: boolean): void;
  performanceJson(curvePoints: number): Reply;
  performanceAtJson(threshold: number): Reply;
  describeRecord(bytes: number): Reply;
  splitRecords(records: number, textBytes: number): Reply;
  countLineEnds(bytes: number): number;
  loadGenerator(bytes: number): Reply;
  beginSynth(rows: number, seed: number, fraudRate: number): Reply;
  synthRows(maxRows: number): number;
}
